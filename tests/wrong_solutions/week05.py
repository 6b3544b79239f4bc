"""Wrong solutions of week 5 as students write them."""

import math

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


def net_of(x, h_prev, W_xh, W_hh, b_h):
    return W_xh @ x + W_hh @ h_prev + b_h


# tanh_step


@right("tanh_step")
def tanh_with_diag(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(W_hh.dot(h_prev) + W_xh.dot(x) + b_h)
    return [h, np.diag(1 - h * h) @ W_hh]


@right("tanh_step")
def tanh_entry_by_entry(x, h_prev, W_xh, W_hh, b_h):
    H = len(h_prev)
    h, J = np.empty(H), np.empty((H, H))
    for i in range(H):
        net = sum(W_xh[i] * x) + sum(W_hh[i] * h_prev) + b_h[i]
        h[i] = math.tanh(net)
        for j in range(H):
            J[i, j] = W_hh[i, j] / math.cosh(net) ** 2
    return h, J


@wrong("tanh_step", "the slopes multiply the columns")
def slopes_on_columns(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, (1 - h**2) * W_hh


@wrong("tanh_step", "the slopes multiply the columns")
def diagonal_on_the_right(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, W_hh @ np.diag(1 - h**2)


@wrong("tanh_step", "the Jacobian is transposed")
def transposed_jacobian(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, W_hh.T @ np.diag(1 - h**2)


@wrong("tanh_step", "W_hh is transposed")
def transposed_weights(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.diag(1 - h**2) @ W_hh.T


@wrong("tanh_step", "the slope is missing")
def weights_alone(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h)), W_hh


@wrong("tanh_step", "W_hh is missing")
def slopes_alone(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.diag(1 - h**2)


@wrong("tanh_step", "only the diagonal is left")
def star_for_at(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.diag(1 - h**2) * W_hh


@wrong("tanh_step", "adds up what each row holds")
def vector_times_matrix(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, (1 - h**2) @ W_hh


@wrong("tanh_step", "this is the derivative by the input")
def by_the_input(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.diag(1 - h**2) @ W_xh


@wrong("tanh_step", "this is the derivative by W_hh")
def by_the_weights(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.outer(1 - h**2, h_prev)


@wrong("tanh_step", "1 - net**2 is not the derivative")
def slope_of_the_net(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.tanh(net), np.diag(1 - net**2) @ W_hh


@wrong("tanh_step", "the tanh is taken twice")
def edinburghs_slip(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.diag(1 - np.tanh(h) ** 2) @ W_hh


@wrong("tanh_step", "the square is missing")
def slope_without_square(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, (1 - h)[:, None] * W_hh


@wrong("tanh_step", "belongs to the sigmoid")
def slope_of_the_sigmoid(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, (h * (1 - h))[:, None] * W_hh


@wrong("tanh_step", "at the state before the step")
def slope_of_the_state_before(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, (1 - h_prev**2)[:, None] * W_hh


@wrong("tanh_step", "the bias b_h is forgotten")
def tanh_without_bias(x, h_prev, W_xh, W_hh, b_h):
    return tanh_with_diag(x, h_prev, W_xh, W_hh, np.zeros_like(b_h))


@wrong("tanh_step", "the input is forgotten")
def tanh_without_input(x, h_prev, W_xh, W_hh, b_h):
    return tanh_with_diag(np.zeros_like(x), h_prev, W_xh, W_hh, b_h)


@wrong("tanh_step", "h_prev stands before W_hh")
def row_vector_state(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(W_xh @ x + h_prev @ W_hh + b_h)
    return h, np.diag(1 - h**2) @ W_hh


@wrong("tanh_step", "the Jacobian comes first")
def jacobian_first(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return np.diag(1 - h**2) @ W_hh, h


@wrong("tanh_step", "only the Jacobian is returned")
def jacobian_alone(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return np.diag(1 - h**2) @ W_hh


@wrong("tanh_step", "the tanh is missing")
def linear_state(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return net, np.diag(1 - np.tanh(net) ** 2) @ W_hh


@wrong("tanh_step", "it changes its argument `W_hh`")
def scales_in_place(x, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    W_hh *= (1 - h**2)[:, None]
    return h, W_hh


# running_products


@right("running_products")
def products_of_slices(jacobians):
    T, H, _ = jacobians.shape
    found = np.empty((T + 1, H, H))
    found[0] = np.identity(H)
    for k in range(1, T + 1):
        found[k] = found[k - 1] @ jacobians[T - k]
    return found


@right("running_products")
def products_from_scratch(jacobians):
    T, found = len(jacobians), []
    for k in range(T + 1):
        product = np.eye(jacobians.shape[2])
        for t in range(T - k, T):
            product = jacobians[t] @ product
        found.append(product)
    return np.stack(found)


@wrong("running_products", "the factors stand in the wrong order")
def factors_swapped(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians[::-1]:
        found.append(J @ found[-1])
    return np.array(found)


@wrong("running_products", "the product begins at the first step")
def from_the_first(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians:
        found.append(J @ found[-1])
    return np.array(found)


@wrong("running_products", "the product begins at the first step")
def from_the_first_turned(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians:
        found.append(found[-1] @ J)
    return np.array(found)


@wrong("running_products", "row 0 is missing")
def without_the_identity(jacobians):
    return products_of_slices(jacobians)[1:]


@wrong("running_products", "the last row is missing")
def one_too_few(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians[:0:-1]:
        found.append(found[-1] @ J)
    return np.array(found)


@wrong("running_products", "the rows come out longest distance first")
def longest_first(jacobians):
    return products_from_scratch(jacobians)[::-1]


@wrong("running_products", "the entries are multiplied one by one")
def products_by_star(jacobians):
    found = [np.ones(jacobians.shape[1:])]
    for J in jacobians[::-1]:
        found.append(found[-1] * J)
    return np.array(found)


@wrong("running_products", "the entries are multiplied one by one")
def identity_by_star(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians[::-1]:
        found.append(found[-1] * J)
    return np.array(found)


@wrong("running_products", "it begins with ones in every entry")
def begins_with_ones(jacobians):
    found = [np.ones(jacobians.shape[1:])]
    for J in jacobians[::-1]:
        found.append(found[-1] @ J)
    return np.array(found)


@wrong("running_products", "it begins with zeros")
def begins_with_zeros(jacobians):
    found = np.zeros((len(jacobians) + 1, *jacobians.shape[1:]))
    for k in range(1, len(found)):
        found[k] = found[k - 1] @ jacobians[-k]
    return found


@wrong("running_products", "the Jacobians are added up")
def chain_of_sums(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians[::-1]:
        found.append(found[-1] + J)
    return np.array(found)


@wrong("running_products", "these are the Jacobians, not their products")
def single_factors(jacobians):
    return np.concatenate([np.eye(jacobians.shape[1])[None], jacobians[::-1]])


@wrong("running_products", "the products are transposed")
def products_transposed(jacobians):
    found = [np.eye(jacobians.shape[1])]
    for J in jacobians[::-1]:
        found.append(J.T @ found[-1])
    return np.array(found)


@wrong("running_products", "every row is a power of one Jacobian")
def powers_of_the_last(jacobians):
    steps = range(len(jacobians) + 1)
    return np.array([np.linalg.matrix_power(jacobians[-1], k) for k in steps])


@wrong("running_products", "the last Jacobian is left out")
def last_one_left_out(jacobians):
    identity = np.eye(jacobians.shape[1])
    found = [identity, identity]
    for J in jacobians[-2::-1]:
        found.append(found[-1] @ J)
    return np.array(found)[: len(jacobians) + 1]


@wrong("running_products", "only the longest distance is returned")
def whole_chain(jacobians):
    product = np.eye(jacobians.shape[1])
    for J in jacobians:
        product = J @ product
    return product


@wrong("running_products", "all rows are the same array")
def the_same_matrix(jacobians):
    product, found = np.eye(jacobians.shape[1]), []
    found.append(product)
    for J in jacobians[::-1]:
        product[:] = product @ J
        found.append(product)
    return np.array(found)


# norm_and_radius


@right("norm_and_radius")
def by_linalg_norm(W_hh):
    return np.linalg.norm(W_hh, 2), max(abs(np.linalg.eigvals(W_hh)))


@right("norm_and_radius")
def by_the_gram_matrix(W_hh):
    values, _ = np.linalg.eig(W_hh)
    sigma = np.sqrt(np.linalg.eigvalsh(W_hh.T @ W_hh)[-1])
    return [float(sigma), float(np.sqrt(values.real**2 + values.imag**2).max())]


@wrong("norm_and_radius", "the two are swapped")
def radius_first(W_hh):
    return np.abs(np.linalg.eigvals(W_hh)).max(), np.linalg.norm(W_hh, 2)


@wrong("norm_and_radius", "the spectral radius stands in both places")
def radius_twice(W_hh):
    radius = np.abs(np.linalg.eigvals(W_hh)).max()
    return radius, radius


@wrong("norm_and_radius", "the singular value stands in both places")
def norm_twice(W_hh):
    return np.linalg.norm(W_hh, 2), np.linalg.svd(W_hh)[1][0]


@wrong("norm_and_radius", "this is the Frobenius norm")
def frobenius(W_hh):
    return np.linalg.norm(W_hh), np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "this is the smallest singular value")
def smallest_singular_value(W_hh):
    return np.linalg.svd(W_hh, compute_uv=False)[-1], np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "the root is missing")
def squared_singular_value(W_hh):
    return np.linalg.eigvalsh(W_hh @ W_hh.T).max(), np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "the largest sum of a row or a column")
def norm_one(W_hh):
    return np.linalg.norm(W_hh, 1), np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "this is the largest entry")
def largest_entry(W_hh):
    return np.abs(W_hh).max(), np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "the singular values are added up")
def nuclear_norm(W_hh):
    return np.linalg.norm(W_hh, "nuc"), np.abs(np.linalg.eigvals(W_hh)).max()


@wrong("norm_and_radius", "the largest eigenvalue is taken with its sign")
def signed_eigenvalue(W_hh):
    return np.linalg.norm(W_hh, 2), np.linalg.eigvals(W_hh).real.max()


@wrong("norm_and_radius", "only the real parts are looked at")
def real_parts(W_hh):
    return np.linalg.norm(W_hh, 2), np.abs(np.linalg.eigvals(W_hh).real).max()


@wrong("norm_and_radius", "the first eigenvalue is taken")
def first_eigenvalue(W_hh):
    return np.linalg.norm(W_hh, 2), abs(np.linalg.eigvals(W_hh)[0])


@wrong("norm_and_radius", "the smallest eigenvalue is taken")
def smallest_eigenvalue(W_hh):
    return np.linalg.norm(W_hh, 2), np.abs(np.linalg.eigvals(W_hh)).min()


@wrong("norm_and_radius", "eigvalsh is for symmetric matrices")
def symmetric_eigenvalues(W_hh):
    return np.linalg.norm(W_hh, 2), np.abs(np.linalg.eigvalsh(W_hh)).max()


@wrong("norm_and_radius", "this is the sum of the diagonal")
def trace(W_hh):
    return np.linalg.norm(W_hh, 2), abs(np.trace(W_hh))


@wrong("norm_and_radius", "this is the determinant")
def determinant(W_hh):
    return np.linalg.norm(W_hh, 2), abs(np.linalg.det(W_hh))


@wrong("norm_and_radius", "only the singular value is returned")
def norm_alone(W_hh):
    return np.linalg.norm(W_hh, 2)


# gradient_bound


@right("gradient_bound")
def bound_in_a_loop(gradient, W_hh, slope, steps):
    sigma = np.linalg.norm(W_hh, ord=2)
    bounds = [math.sqrt(sum(gradient**2))]
    for _ in range(steps):
        bounds.append(bounds[-1] * slope * sigma)
    return np.array(bounds)


@right("gradient_bound")
def bound_by_logarithms(gradient, W_hh, slope, steps):
    factor = np.log(slope) + np.log(np.linalg.svd(W_hh)[1].max())
    return np.exp(np.log(np.linalg.norm(gradient)) + np.arange(steps + 1) * factor)


def bounded(first, factor, steps):
    return first * factor ** np.arange(steps + 1)


@wrong("gradient_bound", "the spectral radius bounds nothing")
def bound_of_cs224n(gradient, W_hh, slope, steps):
    rho = np.abs(np.linalg.eigvals(W_hh)).max()
    return bounded(np.linalg.norm(gradient), slope * rho, steps)


@wrong("gradient_bound", "the Frobenius norm is larger than it need be")
def bound_by_frobenius(gradient, W_hh, slope, steps):
    return bounded(np.linalg.norm(gradient), slope * np.linalg.norm(W_hh), steps)


@wrong("gradient_bound", "the smallest singular value")
def bound_from_below(gradient, W_hh, slope, steps):
    sigma = np.linalg.svd(W_hh, compute_uv=False).min()
    return bounded(np.linalg.norm(gradient), slope * sigma, steps)


@wrong("gradient_bound", "the square of the singular value")
def bound_by_the_square(gradient, W_hh, slope, steps):
    sigma = np.linalg.eigvalsh(W_hh.T @ W_hh).max()
    return bounded(np.linalg.norm(gradient), slope * sigma, steps)


@wrong("gradient_bound", "the slope is forgotten")
def bound_without_slope(gradient, W_hh, slope, steps):
    return bounded(np.linalg.norm(gradient), np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "the slope multiplies row 0 too")
def slope_once_for_all(gradient, W_hh, slope, steps):
    return slope * bounded(np.linalg.norm(gradient), np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "the slope is taken once")
def slope_in_the_first_step(gradient, W_hh, slope, steps):
    bounds = bounded(np.linalg.norm(gradient), np.linalg.norm(W_hh, 2), steps)
    bounds[1:] *= slope
    return bounds


@wrong("gradient_bound", "the singular value is forgotten")
def slope_alone(gradient, W_hh, slope, steps):
    return bounded(np.linalg.norm(gradient), slope, steps)


@wrong("gradient_bound", "the length of the gradient is forgotten")
def factors_alone(gradient, W_hh, slope, steps):
    return bounded(1.0, slope * np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "the root is missing")
def squared_length(gradient, W_hh, slope, steps):
    return bounded(np.sum(gradient**2), slope * np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "absolute values are added up")
def length_by_absolute_values(gradient, W_hh, slope, steps):
    return bounded(np.linalg.norm(gradient, 1), slope * np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "the largest entry stands for the gradient")
def length_by_the_largest(gradient, W_hh, slope, steps):
    return bounded(np.abs(gradient).max(), slope * np.linalg.norm(W_hh, 2), steps)


@wrong("gradient_bound", "row 0 is missing")
def bound_from_one_step(gradient, W_hh, slope, steps):
    return bound_in_a_loop(gradient, W_hh, slope, steps)[1:]


@wrong("gradient_bound", "the last row is missing")
def bound_one_too_few(gradient, W_hh, slope, steps):
    return np.linalg.norm(gradient) * (slope * np.linalg.norm(W_hh, 2)) ** np.arange(steps)


@wrong("gradient_bound", "each row is one step too far")
def bound_one_step_on(gradient, W_hh, slope, steps):
    return bound_in_a_loop(gradient, W_hh, slope, steps + 1)[1:]


@wrong("gradient_bound", "only the last distance is returned")
def bound_at_the_end(gradient, W_hh, slope, steps):
    return np.linalg.norm(gradient) * (slope * np.linalg.norm(W_hh, 2)) ** steps


@wrong("gradient_bound", "** k, not * k")
def bound_grows_in_a_line(gradient, W_hh, slope, steps):
    return np.linalg.norm(gradient) * slope * np.linalg.norm(W_hh, 2) * np.arange(steps + 1)


# count_attractors


@right("count_attractors")
def with_sum(tags, subject, verb):
    nouns = [tag for tag in tags[subject:verb] if tag in ("NN", "NNS")]
    return sum(noun != tags[subject] for noun in nouns)


@right("count_attractors")
def in_a_loop(tags, subject, verb):
    count = 0
    for i in range(subject + 1, verb):
        if tags[subject] == "NN" and tags[i] == "NNS":
            count += 1
        if tags[subject] == "NNS" and tags[i] == "NN":
            count += 1
    return count


@wrong("count_attractors", "all nouns in between are counted")
def all_nouns(tags, subject, verb):
    between = tags[subject + 1 : verb]
    return between.count("NN") + between.count("NNS")


@wrong("count_attractors", "the subject is counted too")
def all_nouns_and_the_subject(tags, subject, verb):
    return sum(tag in ("NN", "NNS") for tag in tags[subject:verb])


@wrong("count_attractors", "nouns of the subject's own number")
def own_number(tags, subject, verb):
    return tags[subject + 1 : verb].count(tags[subject])


@wrong("count_attractors", "only plural nouns are counted")
def only_plural(tags, subject, verb):
    return tags[subject + 1 : verb].count("NNS")


@wrong("count_attractors", "only singular nouns are counted")
def only_singular(tags, subject, verb):
    return sum(tag == "NN" for tag in tags[subject + 1 : verb])


@wrong("count_attractors", "nouns after the verb are counted too")
def to_the_end(tags, subject, verb):
    return tags[subject:].count("NN" if tags[subject] == "NNS" else "NNS")


@wrong("count_attractors", "nouns before the subject are counted too")
def from_the_start(tags, subject, verb):
    return tags[:verb].count("NN" if tags[subject] == "NNS" else "NNS")


@wrong("count_attractors", "the whole sentence is counted")
def everywhere(tags, subject, verb):
    return tags.count({"NN": "NNS", "NNS": "NN"}[tags[subject]])


@wrong("count_attractors", "the noun nearest to the verb")
def nearest_noun(tags, subject, verb):
    for tag in reversed(tags[:verb]):
        if tag in ("NN", "NNS"):
            return int(tag != tags[subject])
    return 0


@wrong("count_attractors", "it only says whether there is an attractor")
def whether(tags, subject, verb):
    return int(any(t in ("NN", "NNS") and t != tags[subject] for t in tags[subject:verb]))


@wrong("count_attractors", "the word before the verb is left out")
def slice_too_short(tags, subject, verb):
    other = "NNS" if tags[subject] == "NN" else "NN"
    return sum(tags[i] == other for i in range(subject, verb - 1))


@wrong("count_attractors", "every tag other than the subject's")
def every_other_tag(tags, subject, verb):
    return sum(tag != tags[subject] for tag in tags[subject + 1 : verb])


@wrong("count_attractors", "all words in between are counted")
def distance(tags, subject, verb):
    return len(tags[subject + 1 : verb])


@wrong("count_attractors", "'NN' in tag is true of NNS too")
def substring(tags, subject, verb):
    other = "NNS" if tags[subject] == "NN" else "NN"
    return len([tag for tag in tags[subject + 1 : verb] if other in tag])


# agreement_accuracy


@right("agreement_accuracy")
def by_hand(right, wrong, attractors, k):
    points = pairs = 0
    for r, w, n in zip(right, wrong, attractors, strict=True):
        if n == k:
            pairs += 1
            points += 0.5 if r == w else float(r > w)
    return points / pairs


@right("agreement_accuracy")
def two_comparisons(right, wrong, attractors, k):
    right, wrong = right[attractors == k], wrong[attractors == k]
    return np.mean(((right > wrong) * 1.0 + (right >= wrong)) / 2)


@wrong("agreement_accuracy", "a tie counts as right")
def ties_right(right, wrong, attractors, k):
    return np.mean((right >= wrong)[attractors == k])


@wrong("agreement_accuracy", "a tie counts as wrong")
def ties_wrong(right, wrong, attractors, k):
    return np.mean((right > wrong)[attractors == k])


@wrong("agreement_accuracy", "ties are left out")
def ties_left_out(right, wrong, attractors, k):
    decided = (attractors == k) & (right != wrong)
    return (right > wrong)[decided].sum() / decided.sum()


@wrong("agreement_accuracy", "the comparison is the wrong way round")
def other_way_round(right, wrong, attractors, k):
    return np.mean((right < wrong)[attractors == k])


@wrong("agreement_accuracy", "the comparison is the wrong way round")
def error_rate(right, wrong, attractors, k):
    return 1 - two_comparisons(right, wrong, attractors, k)


@wrong("agreement_accuracy", "all pairs are counted")
def all_pairs(right, wrong, attractors, k):
    return np.mean(right > wrong) + np.mean(right == wrong) / 2


@wrong("agreement_accuracy", "pairs with fewer attractors are counted too")
def at_most_k(right, wrong, attractors, k):
    keep = attractors <= k
    return np.mean(right[keep] > wrong[keep]) + np.mean(right[keep] == wrong[keep]) / 2


@wrong("agreement_accuracy", "pairs with more attractors are counted too")
def at_least_k(right, wrong, attractors, k):
    keep = attractors >= k
    return np.mean(right[keep] > wrong[keep]) + np.mean(right[keep] == wrong[keep]) / 2


@wrong("agreement_accuracy", "divided by the number of all pairs")
def divided_by_all(right, wrong, attractors, k):
    points = np.where(right == wrong, 0.5, right > wrong)
    return np.sum(points * (attractors == k)) / len(points)


@wrong("agreement_accuracy", "the first k pairs are taken")
def first_k(right, wrong, attractors, k):
    points = np.where(right == wrong, 0.5, right > wrong)[:k]
    return float(np.sum(points) / np.float64(len(points)))


@wrong("agreement_accuracy", "this is how many are right")
def number_right(right, wrong, attractors, k):
    return np.where(right == wrong, 0.5, right > wrong)[attractors == k].sum()


@wrong("agreement_accuracy", "this is a percentage")
def percentage(right, wrong, attractors, k):
    return 100 * by_hand(right, wrong, attractors, k)


@wrong("agreement_accuracy", "a probability above one half")
def above_one_half(right, wrong, attractors, k):
    return np.mean(np.exp(right[attractors == k]) > 0.5)


@wrong("agreement_accuracy", "the sums are compared")
def sums_compared(right, wrong, attractors, k):
    return float(right[attractors == k].sum() > wrong[attractors == k].sum())


@wrong("agreement_accuracy", "the mean probability that falls to the right text")
def mean_probability(right, wrong, attractors, k):
    p, q = np.exp(right[attractors == k]), np.exp(wrong[attractors == k])
    return np.mean(p / (p + q))


@wrong("agreement_accuracy", "this is the mean difference")
def mean_difference(right, wrong, attractors, k):
    return np.mean(right[attractors == k] - wrong[attractors == k])


# one_unit_loss


@right("one_unit_loss")
def forward_mode(w, b, h0, target, steps):
    h, by_w, by_b = h0, 0.0, 0.0
    for _ in range(steps):
        new = math.tanh(w * h + b)
        by_w, by_b = (1 - new * new) * (h + w * by_w), (1 - new * new) * (1 + w * by_b)
        h = new
    return (h - target) ** 2 / 2, (h - target) * by_w, (h - target) * by_b


@right("one_unit_loss")
def with_arrays(w, b, h0, target, steps):
    hs = np.empty(steps + 1)
    hs[0] = h0
    for t in range(steps):
        hs[t + 1] = np.tanh(w * hs[t] + b)
    slopes = 1 - hs[1:] ** 2
    later = np.cumprod((w * slopes)[:0:-1])[::-1]  # from step t + 1 to the end
    deltas = (hs[-1] - target) * slopes * np.append(later, 1.0)
    return [0.5 * (hs[-1] - target) ** 2, deltas @ hs[:-1], deltas.sum()]


def states_of(w, b, h0, steps):
    hs = [h0]
    for _ in range(steps):
        hs.append(math.tanh(w * hs[-1] + b))
    return hs


def back(hs, d, w, slope):
    """Return d of every step after its slope, the first step's first."""
    ds = []
    for t in range(len(hs) - 1, 0, -1):
        d *= slope(hs[t])
        ds.append(d)
        d *= w
    return ds[::-1]


def slope_of_tanh(h):
    return 1 - h**2


@wrong("one_unit_loss", "the loss is half of the square; its derivative")
def squared_error(w, b, h0, target, steps):
    return tuple(2 * part for part in forward_mode(w, b, h0, target, steps))


@wrong("one_unit_loss", "without a 2")
def factor_of_two(w, b, h0, target, steps):
    loss, dw, db = forward_mode(w, b, h0, target, steps)
    return loss, 2 * dw, 2 * db


@wrong("one_unit_loss", "the half is missing")
def loss_without_half(w, b, h0, target, steps):
    loss, dw, db = forward_mode(w, b, h0, target, steps)
    return 2 * loss, dw, db


@wrong("one_unit_loss", "the derivatives have the wrong sign")
def target_minus_state(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, target - hs[-1], w, slope_of_tanh)
    return (target - hs[-1]) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "the last step alone")
def last_appearance(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    d = (hs[-1] - target) * (1 - hs[-1] ** 2)
    return (hs[-1] - target) ** 2 / 2, d * hs[-2], d


@wrong("one_unit_loss", "the first step alone")
def assigned_in_the_loop(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    d = hs[-1] - target
    for t in range(steps, 0, -1):
        d *= 1 - hs[t] ** 2
        dw, db = d * hs[t - 1], d
        d *= w
    return (hs[-1] - target) ** 2 / 2, dw, db


@wrong("one_unit_loss", "averaged over the steps")
def mean_over_the_steps(w, b, h0, target, steps):
    loss, dw, db = forward_mode(w, b, h0, target, steps)
    return loss, dw / steps, db / steps


@wrong("one_unit_loss", "the first step is left out")
def loop_ends_too_early(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, slope_of_tanh)
    return (hs[-1] - target) ** 2 / 2, float(np.dot(ds[1:], hs[1:-1])), float(sum(ds[1:]))


@wrong("one_unit_loss", "w is forgotten on the way back")
def w_forgotten(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, 1.0, slope_of_tanh)
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "the slope is forgotten")
def slope_forgotten(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, lambda h: 1.0)
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "the tanh is taken twice")
def tanh_twice(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, lambda h: 1 - math.tanh(h) ** 2)
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "belongs to the sigmoid")
def sigmoid_slope(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, lambda h: h * (1 - h))
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "the square is missing")
def slope_not_squared(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, lambda h: 1 - h)
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[:-1]), sum(ds)


@wrong("one_unit_loss", "w meets the state after the step")
def meets_the_new_state(w, b, h0, target, steps):
    hs = states_of(w, b, h0, steps)
    ds = back(hs, hs[-1] - target, w, slope_of_tanh)
    return (hs[-1] - target) ** 2 / 2, np.dot(ds, hs[1:]), sum(ds)


@wrong("one_unit_loss", "both derivatives are that by b")
def the_same_twice(w, b, h0, target, steps):
    loss, _, db = forward_mode(w, b, h0, target, steps)
    return loss, db, db


@wrong("one_unit_loss", "h0 is ignored")
def begins_at_zero(w, b, h0, target, steps):
    return forward_mode(w, b, 0.0, target, steps)


@wrong("one_unit_loss", "one step too many")
def one_step_more(w, b, h0, target, steps):
    return forward_mode(w, b, h0, target, steps + 1)


@wrong("one_unit_loss", "one step too few")
def one_step_less(w, b, h0, target, steps):
    return forward_mode(w, b, h0, target, steps - 1)


@wrong("one_unit_loss", "the bias is added after the tanh")
def bias_outside(w, b, h0, target, steps):
    h, by_w, by_b = h0, 0.0, 0.0
    for _ in range(steps):
        slope = 1 - math.tanh(w * h) ** 2
        by_w, by_b = slope * (h + w * by_w), slope * w * by_b + 1
        h = math.tanh(w * h) + b
    return (h - target) ** 2 / 2, (h - target) * by_w, (h - target) * by_b


@wrong("one_unit_loss", "the two derivatives are swapped")
def by_b_first(w, b, h0, target, steps):
    loss, dw, db = forward_mode(w, b, h0, target, steps)
    return loss, db, dw


@wrong("one_unit_loss", "only the derivatives are returned")
def derivatives_alone(w, b, h0, target, steps):
    return forward_mode(w, b, h0, target, steps)[1:]


# clip_gradients


@right("clip_gradients")
def as_one_vector(gradients, max_norm):
    flat = np.concatenate([gradient.flatten() for gradient in gradients])
    if not np.all(np.isfinite(flat)):
        return tuple(0 * np.ones_like(gradient) for gradient in gradients)
    norm = np.linalg.norm(flat)
    return [g * max_norm / norm if norm >= max_norm else g.copy() for g in gradients]


@right("clip_gradients")
def by_a_share(gradients, max_norm):
    norm = math.sqrt(sum((gradient**2).sum() for gradient in gradients))
    if math.isnan(norm) or math.isinf(norm):
        return [np.zeros(gradient.shape) for gradient in gradients]
    return [gradient / max(1.0, norm / max_norm) for gradient in gradients]


def global_norm(gradients):
    return np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))


def all_finite(gradients):
    return all(np.isfinite(gradient).all() for gradient in gradients)


def zeros_like(gradients):
    return [np.zeros_like(gradient) for gradient in gradients]


def clipped_by(norm, gradients, max_norm):
    """Clip with another norm."""
    if not all_finite(gradients):
        return zeros_like(gradients)
    share = max_norm / norm if norm > max_norm else 1.0
    return [share * gradient for gradient in gradients]


@wrong("clip_gradients", "it clips by value")
def by_value(gradients, max_norm):
    return [np.clip(gradient, -max_norm, max_norm) for gradient in gradients]


@wrong("clip_gradients", "it clips by value")
def by_value_where_finite(gradients, max_norm):
    if not all_finite(gradients):
        return zeros_like(gradients)
    return [np.maximum(np.minimum(gradient, max_norm), -max_norm) for gradient in gradients]


@wrong("clip_gradients", "it clips by value")
def by_value_if_long(gradients, max_norm):
    if not all_finite(gradients):
        return zeros_like(gradients)
    if global_norm(gradients) > max_norm:
        return [np.clip(gradient, -max_norm, max_norm) for gradient in gradients]
    return gradients


@wrong("clip_gradients", "each array is clipped by its own norm")
def per_tensor(gradients, max_norm):
    clipped = []
    for gradient in gradients:
        norm = np.linalg.norm(gradient)
        clipped.append(gradient * max_norm / norm if norm > max_norm else gradient)
    return clipped


@wrong("clip_gradients", "each array is clipped by its own norm")
def per_tensor_where_finite(gradients, max_norm):
    if not all_finite(gradients):
        return zeros_like(gradients)
    return per_tensor(gradients, max_norm)


@wrong("clip_gradients", "shorter than max_norm are scaled up")
def always_scaled(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm) or norm == 0:
        return zeros_like(gradients)
    return [gradient * max_norm / norm for gradient in gradients]


@wrong("clip_gradients", "shorter than max_norm are scaled up")
def always_divided(gradients, max_norm):
    norm = global_norm(gradients)
    return [gradient * max_norm / norm for gradient in gradients]


@wrong("clip_gradients", "it is the other way round")
def short_ones_scaled(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm) or norm == 0:
        return zeros_like(gradients)
    return [gradient * max(1.0, max_norm / norm) for gradient in gradients]


@wrong("clip_gradients", "the root is missing")
def without_the_root(gradients, max_norm):
    return clipped_by(sum(np.sum(g**2) for g in gradients), gradients, max_norm)


@wrong("clip_gradients", "the norms of the arrays are added up")
def sum_of_norms(gradients, max_norm):
    return clipped_by(sum(np.linalg.norm(g) for g in gradients), gradients, max_norm)


@wrong("clip_gradients", "the mean of the norms is taken")
def mean_of_norms(gradients, max_norm):
    return clipped_by(np.mean([np.linalg.norm(g) for g in gradients]), gradients, max_norm)


@wrong("clip_gradients", "the largest of the norms is taken")
def largest_of_norms(gradients, max_norm):
    return clipped_by(max(np.linalg.norm(g) for g in gradients), gradients, max_norm)


@wrong("clip_gradients", "the mean of the squares is taken")
def root_mean_square(gradients, max_norm):
    flat = np.concatenate([gradient.ravel() for gradient in gradients])
    return clipped_by(np.sqrt(np.mean(flat**2)), gradients, max_norm)


@wrong("clip_gradients", "absolute values are added up")
def norm_of_absolute_values(gradients, max_norm):
    return clipped_by(sum(np.abs(g).sum() for g in gradients), gradients, max_norm)


@wrong("clip_gradients", "the largest entry is taken for the norm")
def norm_of_the_largest(gradients, max_norm):
    return clipped_by(max(np.abs(g).max() for g in gradients), gradients, max_norm)


@wrong("clip_gradients", "only the first array is measured")
def first_array(gradients, max_norm):
    return clipped_by(np.linalg.norm(gradients[0]), gradients, max_norm)


@wrong("clip_gradients", "only the last array is measured")
def last_array(gradients, max_norm):
    norm = 0.0
    for gradient in gradients:
        norm = np.sqrt(np.sum(gradient**2))
    return clipped_by(norm, gradients, max_norm)


@wrong("clip_gradients", "the result has norm 1")
def to_length_one(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm):
        return zeros_like(gradients)
    return [g / norm if norm > max_norm else g for g in gradients]


@wrong("clip_gradients", "the norm is forgotten in the scaling")
def times_max_norm(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm):
        return zeros_like(gradients)
    return [g * max_norm if norm > max_norm else g for g in gradients]


@wrong("clip_gradients", "the share is upside down")
def share_upside_down(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm):
        return zeros_like(gradients)
    return [g * norm / max_norm if norm > max_norm else g for g in gradients]


@wrong("clip_gradients", "longer than max_norm are thrown away")
def thrown_away(gradients, max_norm):
    if not global_norm(gradients) <= max_norm:
        return zeros_like(gradients)
    return gradients


@wrong("clip_gradients", "1e-6 is added to the norm")
def as_torch_does(gradients, max_norm):
    norm = global_norm(gradients)
    if not np.isfinite(norm):
        return zeros_like(gradients)
    return [g * min(1.0, max_norm / (norm + 1e-6)) for g in gradients]


@wrong("clip_gradients", "nothing is clipped")
def as_they_are(gradients, max_norm):
    return gradients


@wrong("clip_gradients", "gives no direction")
def not_finite_forgotten(gradients, max_norm):
    norm = global_norm(gradients)
    if norm > max_norm:
        return [gradient * (max_norm / norm) for gradient in gradients]
    return gradients


@wrong("clip_gradients", "gives no direction")
def not_finite_kept(gradients, max_norm):
    norm = global_norm(gradients)
    if np.isfinite(norm) and norm > max_norm:
        return [gradient * (max_norm / norm) for gradient in gradients]
    return gradients


@wrong("clip_gradients", "only the entries that are inf or nan become 0")
def holes_filled(gradients, max_norm):
    filled = [np.nan_to_num(g, nan=0.0, posinf=0.0, neginf=0.0) for g in gradients]
    norm = global_norm(filled)
    return [g * (max_norm / norm) if norm > max_norm else g for g in filled]


@wrong("clip_gradients", "only the arrays with inf or nan become zeros")
def broken_arrays_only(gradients, max_norm):
    if all_finite(gradients):
        return by_a_share(gradients, max_norm)
    return [g if np.isfinite(g).all() else np.zeros_like(g) for g in gradients]


@wrong("clip_gradients", "nan is thrown away and inf is not")
def nan_only(gradients, max_norm):
    if any(np.isnan(gradient).any() for gradient in gradients):
        return zeros_like(gradients)
    return not_finite_forgotten(gradients, max_norm)


@wrong("clip_gradients", "inf is thrown away and nan is not")
def inf_only(gradients, max_norm):
    norm = global_norm(gradients)
    if norm == np.inf:
        return zeros_like(gradients)
    return not_finite_forgotten(gradients, max_norm)


@wrong("clip_gradients", "all entries are in one long vector")
def one_long_vector(gradients, max_norm):
    return np.concatenate([g.ravel() for g in by_a_share(gradients, max_norm)])


@wrong("clip_gradients", "it changes its argument `gradients`")
def in_place(gradients, max_norm):
    norm = global_norm(gradients)
    for gradient in gradients:
        if not np.isfinite(norm):
            gradient[:] = 0
        elif norm > max_norm:
            gradient *= max_norm / norm
    return gradients


# irnn_weights


@right("irnn_weights")
def by_diag(noise, std, scale):
    H, _ = noise.shape
    return [noise * std, np.diag([scale] * H), np.zeros(H)]


@right("irnn_weights")
def in_a_double_loop(noise, std, scale):
    H = len(noise)
    W_hh = np.array([[scale if i == j else 0.0 for j in range(H)] for i in range(H)])
    return np.array([[std * n for n in row] for row in noise]), W_hh, np.zeros((H,))


@wrong("irnn_weights", "W_hh is full of ones")
def full_of_ones(noise, std, scale):
    H = len(noise)
    return std * noise, scale * np.ones((H, H)), np.zeros(H)


@wrong("irnn_weights", "the scale plays no part")
def without_scale(noise, std, scale):
    return std * noise, np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "the scale multiplies W_xh; it belongs to W_hh")
def scale_on_the_input(noise, std, scale):
    return scale * std * noise, np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "the scale multiplies W_xh too")
def scale_on_both(noise, std, scale):
    return scale * std * noise, scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "std and scale are swapped")
def std_for_scale(noise, std, scale):
    return scale * noise, std * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_hh has the size of the input")
def size_of_the_input(noise, std, scale):
    return std * noise, scale * np.eye(noise.shape[1]), np.zeros(len(noise))


@wrong("irnn_weights", "the identity has the shape of W_xh")
def shape_of_noise(noise, std, scale):
    return std * noise, scale * np.eye(*noise.shape), np.zeros(len(noise))


@wrong("irnn_weights", "W_hh is zero")
def zero_matrix(noise, std, scale):
    H = len(noise)
    return std * noise, np.zeros((H, H)), np.zeros(H)


@wrong("irnn_weights", "only the diagonal is returned")
def diagonal_vector(noise, std, scale):
    return std * noise, scale * np.ones(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_xh is the noise as it comes")
def raw_noise(noise, std, scale):
    return noise, scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_xh is multiplied by the variance")
def variance(noise, std, scale):
    return std**2 * noise, scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_xh is multiplied by the root of std")
def root_of_std(noise, std, scale):
    return np.sqrt(std) * noise, scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_xh is zero")
def deaf(noise, std, scale):
    return np.zeros(noise.shape), scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "W_xh is transposed")
def noise_transposed(noise, std, scale):
    return std * noise.T, scale * np.eye(len(noise)), np.zeros(len(noise))


@wrong("irnn_weights", "the biases are ones")
def biases_of_one(noise, std, scale):
    return std * noise, scale * np.eye(len(noise)), np.ones(len(noise))


@wrong("irnn_weights", "there is a bias for each input")
def bias_an_input(noise, std, scale):
    return std * noise, scale * np.eye(len(noise)), np.zeros(noise.shape[1])


@wrong("irnn_weights", "W_hh comes first")
def state_first(noise, std, scale):
    return scale * np.eye(len(noise)), std * noise, np.zeros(len(noise))


@wrong("irnn_weights", "the biases are missing")
def no_biases(noise, std, scale):
    return std * noise, scale * np.eye(len(noise))


@wrong("irnn_weights", "it changes its argument `noise`")
def noise_in_place(noise, std, scale):
    noise *= std
    return noise, scale * np.eye(len(noise)), np.zeros(len(noise))


# relu_step


@right("relu_step")
def relu_with_where(x, h_prev, W_xh, W_hh, b_h):
    net = W_hh @ h_prev + W_xh @ x + b_h
    h = np.where(net > 0, net, 0.0)
    return h, np.diag((h > 0) * 1.0) @ W_hh


@right("relu_step")
def relu_row_by_row(x, h_prev, W_xh, W_hh, b_h):
    h, J = np.zeros(len(h_prev)), np.zeros(W_hh.shape)
    for i in range(len(h)):
        net = W_xh[i] @ x + W_hh[i] @ h_prev + b_h[i]
        if net > 0:
            h[i], J[i] = net, W_hh[i]
    return [h, J]


@wrong("relu_step", "the slopes multiply the columns")
def relu_columns(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), W_hh * (net > 0)


@wrong("relu_step", "the slope is missing")
def relu_without_slope(x, h_prev, W_xh, W_hh, b_h):
    return np.maximum(net_of(x, h_prev, W_xh, W_hh, b_h), 0), W_hh


@wrong("relu_step", "W_hh is transposed")
def relu_weights_transposed(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), (net > 0)[:, None] * W_hh.T


@wrong("relu_step", "W_hh is missing")
def relu_slopes_alone(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), np.diag((net > 0).astype(float))


@wrong("relu_step", "these are the states themselves")
def states_for_slopes(x, h_prev, W_xh, W_hh, b_h):
    h = np.maximum(net_of(x, h_prev, W_xh, W_hh, b_h), 0)
    return h, h[:, None] * W_hh


@wrong("relu_step", "the derivative is that of tanh")
def slope_left_over(x, h_prev, W_xh, W_hh, b_h):
    h = np.maximum(net_of(x, h_prev, W_xh, W_hh, b_h), 0)
    return h, (1 - h**2)[:, None] * W_hh


@wrong("relu_step", "the slope asks whether h_prev is positive")
def asks_the_state_before(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), (h_prev > 0)[:, None] * W_hh


@wrong("relu_step", "the wrong way round")
def slope_where_negative(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), (net < 0)[:, None] * W_hh


@wrong("relu_step", "the slope is -1 where net is negative")
def slope_of_the_sign(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0), np.sign(net)[:, None] * W_hh


@wrong("relu_step", "this is the absolute value")
def absolute_value(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.abs(net), (net > 0)[:, None] * W_hh


@wrong("relu_step", "here what is positive is cut")
def minimum(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.minimum(net, 0), (net > 0)[:, None] * W_hh


@wrong("relu_step", "the ReLU is missing")
def not_cut(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return net, (net > 0)[:, None] * W_hh


@wrong("relu_step", "h goes through tanh")
def tanh_for_relu(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.tanh(net), (net > 0)[:, None] * W_hh


@wrong("relu_step", "this is a step of 0 or 1")
def threshold(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return (net > 0) * 1.0, (net > 0)[:, None] * W_hh


@wrong("relu_step", "this is a leaky ReLU")
def leaky(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return np.maximum(net, 0.01 * net), (net > 0)[:, None] * W_hh


@wrong("relu_step", "the bias b_h is forgotten")
def relu_without_bias(x, h_prev, W_xh, W_hh, b_h):
    return relu_with_where(x, h_prev, W_xh, W_hh, 0 * b_h)


@wrong("relu_step", "the Jacobian comes first")
def relu_jacobian_first(x, h_prev, W_xh, W_hh, b_h):
    return relu_with_where(x, h_prev, W_xh, W_hh, b_h)[::-1]


# residual_step


@right("residual_step")
def residual_at_length(x, h_prev, W_xh, W_hh, b_h):
    t = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    J = np.diag(1 - t**2) @ W_hh
    for i in range(len(t)):
        J[i, i] += 1
    return h_prev + t, J


@wrong("residual_step", "h holds h_prev too")
def slope_of_the_sum(x, h_prev, W_xh, W_hh, b_h):
    h = h_prev + np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h, np.eye(len(h)) + (1 - h**2)[:, None] * W_hh


@wrong("residual_step", "the identity is missing from the Jacobian")
def identity_missing(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return h_prev + h, J


@wrong("residual_step", "1 is added to every entry")
def one_everywhere(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return h_prev + h, 1 + J


@wrong("residual_step", "the slopes multiply the identity too")
def identity_inside(x, h_prev, W_xh, W_hh, b_h):
    t = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h_prev + t, np.diag(1 - t**2) @ (np.eye(len(t)) + W_hh)


@wrong("residual_step", "h_prev stands inside the tanh")
def state_inside(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    J = np.diag(1 - np.tanh(net) ** 2) @ W_hh
    return np.tanh(h_prev + net), np.eye(len(net)) + J


@wrong("residual_step", "h_prev is not added")
def state_not_added(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return h, np.eye(len(h)) + J


@wrong("residual_step", "this is the step without the residual connection")
def no_connection(x, h_prev, W_xh, W_hh, b_h):
    return tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)


@wrong("residual_step", "h_prev is taken away")
def state_taken_away(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return h - h_prev, np.eye(len(h)) + J


@wrong("residual_step", "the identity is taken away")
def identity_taken_away(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return h_prev + h, J - np.eye(len(h))


@wrong("residual_step", "it is a sum, not a mean")
def halved(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return (h_prev + h) / 2, np.eye(len(h)) + J


@wrong("residual_step", "net is added to h_prev without the tanh")
def net_added(x, h_prev, W_xh, W_hh, b_h):
    net = net_of(x, h_prev, W_xh, W_hh, b_h)
    return h_prev + net, np.eye(len(net)) + np.diag(1 - np.tanh(net) ** 2) @ W_hh


@wrong("residual_step", "the tanh is taken of the sum with h_prev once more")
def squashed_sum(x, h_prev, W_xh, W_hh, b_h):
    h, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    return np.tanh(h_prev + h), np.eye(len(h)) + J


@wrong("residual_step", "the slopes multiply the columns")
def residual_columns(x, h_prev, W_xh, W_hh, b_h):
    t = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h_prev + t, np.eye(len(t)) + W_hh * (1 - t**2)


@wrong("residual_step", "the slope is missing")
def residual_without_slope(x, h_prev, W_xh, W_hh, b_h):
    t = np.tanh(net_of(x, h_prev, W_xh, W_hh, b_h))
    return h_prev + t, np.eye(len(t)) + W_hh


@wrong("residual_step", "the Jacobian comes first")
def residual_jacobian_first(x, h_prev, W_xh, W_hh, b_h):
    return residual_at_length(x, h_prev, W_xh, W_hh, b_h)[::-1]


@wrong("residual_step", "it changes its argument `h_prev`")
def adds_in_place(x, h_prev, W_xh, W_hh, b_h):
    t, J = tanh_with_diag(x, h_prev, W_xh, W_hh, b_h)
    h_prev += t
    return h_prev, np.eye(len(t)) + J


# gradient_norms


def step_of(cell):
    return {"tanh": tanh_with_diag, "relu": relu_with_where, "residual": residual_at_length}[cell]


def jacobians_of(xs, h, W_xh, W_hh, b_h, cell):
    found = []
    for x in xs:
        h, J = step_of(cell)(x, h, W_xh, W_hh, b_h)
        found.append(J)
    return np.array(found)


@right("gradient_norms")
def carried_back(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    norms = [np.linalg.norm(gradient)]
    for J in jacobians_of(xs, h0, W_xh, W_hh, b_h, cell)[::-1]:
        gradient = J.T @ gradient
        norms.append(np.linalg.norm(gradient))
    return np.array(norms)


@right("gradient_norms")
def by_products(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.sqrt(((products.swapaxes(1, 2) @ gradient) ** 2).sum(axis=1))


@wrong("gradient_norms", "the product stands before the gradient")
def gradient_on_the_right(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(products @ gradient, axis=1)


@wrong("gradient_norms", "the product stands before the gradient")
def never_transposed(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    found = []
    for P in products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell)):
        found.append(np.linalg.norm(P @ gradient))
    return np.array(found)


@wrong("gradient_norms", "this is the Frobenius norm of the product")
def norm_of_the_product(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.array([np.linalg.norm(P) for P in products])


@wrong("gradient_norms", "this is the product's largest singular value")
def singular_value_of_the_product(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(products, 2, axis=(1, 2))


@wrong("gradient_norms", "which is a bound")
def product_of_norms(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(gradient) * np.linalg.norm(products, 2, axis=(1, 2))


@wrong("gradient_norms", "the root is missing")
def sum_of_squares(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs, h0, W_xh, W_hh, b_h, cell) ** 2


@wrong("gradient_norms", "absolute values are added up")
def sum_of_absolute_values(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    products = products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.abs(gradient @ products).sum(axis=1)


@wrong("gradient_norms", "these are the gradients, not their norms")
def gradients_themselves(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return gradient @ products_of_slices(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))


@wrong("gradient_norms", "every step is a tanh_step")
def always_tanh(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs, h0, W_xh, W_hh, b_h, "tanh")


@wrong("gradient_norms", "every step is a residual_step")
def always_residual(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs, h0, W_xh, W_hh, b_h, "residual")


@wrong("gradient_norms", "relu and residual are swapped")
def cells_swapped(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    cell = {"tanh": "tanh", "relu": "residual", "residual": "relu"}[cell]
    return by_products(gradient, xs, h0, W_xh, W_hh, b_h, cell)


@wrong("gradient_norms", "the state is not carried")
def state_not_carried(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    found = np.array([step_of(cell)(x, h0, W_xh, W_hh, b_h)[1] for x in xs])
    return np.linalg.norm(gradient @ products_of_slices(found), axis=1)


@wrong("gradient_norms", "h0 is ignored")
def begins_with_no_state(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs, np.zeros_like(h0), W_xh, W_hh, b_h, cell)


@wrong("gradient_norms", "the text is read backwards")
def read_backwards(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs[::-1], h0, W_xh, W_hh, b_h, cell)


@wrong("gradient_norms", "longest distance first")
def norms_turned_round(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    return by_products(gradient, xs, h0, W_xh, W_hh, b_h, cell)[::-1]


@wrong("gradient_norms", "entry 0 is missing")
def from_one_step_back(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    norms = []
    for J in jacobians_of(xs, h0, W_xh, W_hh, b_h, cell)[::-1]:
        gradient = gradient @ J
        norms.append(np.linalg.norm(gradient))
    return np.array(norms)


@wrong("gradient_norms", "only the longest distance is returned")
def longest_distance(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    for J in jacobians_of(xs, h0, W_xh, W_hh, b_h, cell)[::-1]:
        gradient = gradient @ J
    return np.linalg.norm(gradient)


@wrong("gradient_norms", "these are the Jacobians, not their products")
def one_factor_each(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    found = single_factors(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(gradient @ found, axis=1)


@wrong("gradient_norms", "the factors stand in the wrong order")
def chained_the_wrong_way(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    found = factors_swapped(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(gradient @ found, axis=1)


@wrong("gradient_norms", "the product begins at the first step")
def chained_from_the_start(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    found = from_the_first(jacobians_of(xs, h0, W_xh, W_hh, b_h, cell))
    return np.linalg.norm(gradient @ found, axis=1)
