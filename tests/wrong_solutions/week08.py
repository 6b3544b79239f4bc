"""Wrong solutions of week 8 as students write them."""

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# reverse_within


@right("reverse_within")
def turned_by_index(xs, lengths):
    steps = np.arange(len(xs))[:, None]
    steps = np.where(steps < lengths, lengths - 1 - steps, steps)
    return xs[steps, np.arange(len(lengths))]


@right("reverse_within")
def turned_step_by_step(xs, lengths):
    turned = np.array(xs)
    for b in range(xs.shape[1]):
        for t in range(lengths[b]):
            turned[t, b] = xs[lengths[b] - 1 - t, b]
    return turned


@right("reverse_within")
def columns_joined(xs, lengths):
    columns = [np.concatenate([xs[:n, b][::-1], xs[n:, b]]) for b, n in enumerate(lengths)]
    return np.stack(columns, axis=1)


@wrong("reverse_within", "the padding is reversed into the front")
def whole_array(xs, lengths):
    return xs[::-1].copy()


@wrong("reverse_within", "the padding is reversed into the front")
def flipped(xs, lengths):
    return np.flip(xs, axis=0)


@wrong("reverse_within", "nothing is reversed")
def copied(xs, lengths):
    return xs.copy()


@wrong("reverse_within", "the sequences of the batch change places")
def batch_axis(xs, lengths):
    return xs[:, ::-1]


@wrong("reverse_within", "the numbers of a step change places")
def last_axis(xs, lengths):
    return xs[:, :, ::-1]


@wrong("reverse_within", "all three axes are turned round")
def flip_without_axis(xs, lengths):
    return np.flip(xs)


@wrong("reverse_within", "the padding is lost")
def into_zeros(xs, lengths):
    turned = np.zeros_like(xs)
    for b, n in enumerate(lengths):
        turned[:n, b] = xs[:n, b][::-1]
    return turned


@wrong("reverse_within", "within the shortest length")
def shortest(xs, lengths):
    turned, n = xs.copy(), lengths.min()
    turned[:n] = xs[:n][::-1]
    return turned


@wrong("reverse_within", "within the longest length")
def longest(xs, lengths):
    turned, n = xs.copy(), max(lengths)
    turned[:n] = xs[:n][::-1]
    return turned


@wrong("reverse_within", "within the length of the first")
def first_length(xs, lengths):
    turned = xs.copy()
    turned[: lengths[0]] = turned[: lengths[0]][::-1].copy()
    return turned


@wrong("reverse_within", "the last step of each sequence stays behind")
def one_too_few(xs, lengths):
    turned = xs.copy()
    for b, n in enumerate(lengths):
        turned[: n - 1, b] = xs[: n - 1, b][::-1]
    return turned


@wrong("reverse_within", "one step of padding is turned round, too")
def one_too_many(xs, lengths):
    turned = xs.copy()
    for b, n in enumerate(lengths):
        turned[: n + 1, b] = xs[: n + 1, b][::-1]
    return turned


@wrong("reverse_within", "the first step of each sequence stays where it is")
def slice_stops_before_zero(xs, lengths):
    turned = xs.copy()
    for b, n in enumerate(lengths):
        turned[1:n, b] = xs[n - 1 : 0 : -1, b]
    return turned


@wrong("reverse_within", "only the padding is turned round")
def padding_turned(xs, lengths):
    turned = xs.copy()
    for b, n in enumerate(lengths):
        turned[n:, b] = xs[n:, b][::-1]
    return turned


@wrong("reverse_within", "the padding is at the front now")
def moved_to_the_end(xs, lengths):
    turned = xs[::-1].copy()
    for b, n in enumerate(lengths):
        turned[: len(xs) - n, b] = xs[n:, b]
    return turned


@wrong("reverse_within", "it comes out as (B, T, D)")
def list_of_columns(xs, lengths):
    return np.array([np.concatenate([xs[:n, b][::-1], xs[n:, b]]) for b, n in enumerate(lengths)])


@wrong("reverse_within", "it changes its argument `xs`; work on a copy")
def in_place(xs, lengths):
    for b, n in enumerate(lengths):
        xs[:n, b] = xs[:n, b][::-1].copy()
    return xs


# run_direction


@right("run_direction")
def each_alone(xs, lengths, W_xh, W_hh, b_h):
    states = np.zeros((xs.shape[0], xs.shape[1], len(b_h)))
    for b in range(len(lengths)):
        h = np.zeros(len(b_h))
        for t in range(lengths[b]):
            h = np.tanh(W_xh @ xs[t, b] + W_hh @ h + b_h)
            states[t, b] = h
    return states


@right("run_direction")
def masked_at_the_end(xs, lengths, W_xh, W_hh, b_h):
    h, states = np.zeros((xs.shape[1], W_hh.shape[0])), []
    for t in range(len(xs)):
        h = np.tanh(xs[t] @ W_xh.T + h @ W_hh.T + b_h)
        states.append(h)
    states = np.stack(states)
    for b, n in enumerate(lengths):
        states[n:, b] = 0
    return states


def rows_of_states(xs, W_xh, W_hh, b_h, lengths=None):
    """Read the whole array; with lengths, zeros at the padding."""
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        if lengths is not None:
            h = h * (t < lengths)[:, None]
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "the padding is read, too")
def no_mask(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h)


@wrong("run_direction", "at the padding stands the last state")
def state_kept_at_padding(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t in range(len(xs)):
        new = np.tanh(xs[t] @ W_xh.T + h @ W_hh.T + b_h)
        h = np.where((t < lengths)[:, None], new, h)
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "the first step of padding is read")
def mask_late(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h, lengths + 1)


@wrong("run_direction", "the last step of each sequence is not read")
def mask_early(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h, lengths - 1)


@wrong("run_direction", "the mask is turned round")
def mask_turned_round(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        h[t < lengths] = 0
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "all sequences end with the shortest")
def all_as_the_shortest(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h, np.full(len(lengths), min(lengths)))


@wrong("run_direction", "the padding is told by zeros in xs")
def padding_by_zeros(xs, lengths, W_xh, W_hh, b_h):
    states = rows_of_states(xs, W_xh, W_hh, b_h)
    return states * (xs != 0).any(axis=2)[:, :, None]


@wrong("run_direction", "as if the padding stood in front")
def padding_in_front(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        h = h * (t >= len(xs) - lengths)[:, None]
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "the state is not carried")
def state_not_carried(xs, lengths, W_xh, W_hh, b_h):
    mask = (np.arange(len(xs))[:, None] < lengths)[:, :, None]
    return np.tanh(xs @ W_xh.T + b_h) * mask


@wrong("run_direction", "a sequence begins where the one before has ended")
def state_not_reset(xs, lengths, W_xh, W_hh, b_h):
    states, h = np.zeros((*xs.shape[:2], len(b_h))), np.zeros(len(b_h))
    for b, n in enumerate(lengths):
        for t in range(n):
            h = np.tanh(W_xh @ xs[t, b] + W_hh @ h + b_h)
            states[t, b] = h
    return states


@wrong("run_direction", "tanh is missing")
def linear(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = (x @ W_xh.T + h @ W_hh.T + b_h) * (t < lengths)[:, None]
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "the sigmoid is taken")
def squashed_by_the_sigmoid(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = sigmoid(x @ W_xh.T + h @ W_hh.T + b_h) * (t < lengths)[:, None]
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "the bias b_h is forgotten")
def no_bias(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, np.zeros_like(b_h), lengths)


@wrong("run_direction", "the input is not seen")
def no_input(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(np.zeros_like(xs), W_xh, W_hh, b_h, lengths)


@wrong("run_direction", "W_hh is transposed")
def state_matrix_turned(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh.T, b_h, lengths)


@wrong("run_direction", "both matrices are transposed")
def no_transpose_at_all(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        h = np.tanh(x @ W_xh + h @ W_hh + b_h) * (t < lengths)[:, None]
        rows.append(h)
    return np.array(rows)


@wrong("run_direction", "these are the states before the steps")
def appended_too_early(xs, lengths, W_xh, W_hh, b_h):
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t, x in enumerate(xs):
        rows.append(h * (t < lengths)[:, None])
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
    return np.array(rows)


@wrong("run_direction", "the text is read from its end")
def read_from_the_end(xs, lengths, W_xh, W_hh, b_h):
    turned = turned_by_index(xs, lengths)
    return turned_by_index(rows_of_states(turned, W_xh, W_hh, b_h, lengths), lengths)


@wrong("run_direction", "only the last states are returned")
def last_of_each(xs, lengths, W_xh, W_hh, b_h):
    states = rows_of_states(xs, W_xh, W_hh, b_h, lengths)
    return states[lengths - 1, np.arange(len(lengths))]


@wrong("run_direction", "only the last row is returned")
def last_row(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h, lengths)[-1]


@wrong("run_direction", "it comes out as (B, T, H)")
def batch_first(xs, lengths, W_xh, W_hh, b_h):
    return rows_of_states(xs, W_xh, W_hh, b_h, lengths).transpose(1, 0, 2)


# bidirectional


@right("bidirectional")
def two_runs(xs, lengths, forward, backward):
    to_left = rows_of_states(turned_by_index(xs, lengths), *backward, lengths)
    to_right = rows_of_states(xs, *forward, lengths)
    return np.dstack([to_right, turned_by_index(to_left, lengths)])


@right("bidirectional")
def from_the_end_by_a_loop(xs, lengths, forward, backward):
    W_xh, W_hh, b_h = backward
    h, rows = np.zeros((xs.shape[1], len(b_h))), []
    for t in range(len(xs) - 1, -1, -1):
        h = np.tanh(xs[t] @ W_xh.T + h @ W_hh.T + b_h) * (t < lengths)[:, None]
        rows.insert(0, h)
    return np.concatenate([rows_of_states(xs, *forward, lengths), np.array(rows)], axis=-1)


@wrong("bidirectional", "the backward outputs are not turned back")
def outputs_not_turned_back(xs, lengths, forward, backward):
    to_left = rows_of_states(turned_by_index(xs, lengths), *backward, lengths)
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the padding is reversed into the front")
def reversed_as_a_whole(xs, lengths, forward, backward):
    to_left = rows_of_states(xs[::-1], *backward)[::-1]
    mask = (np.arange(len(xs))[:, None] < lengths)[:, :, None]
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left * mask], axis=2)


@wrong("bidirectional", "the padding is reversed into the front")
def reversed_as_a_whole_and_masked(xs, lengths, forward, backward):
    to_left = rows_of_states(xs[::-1], *backward, lengths)[::-1]
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the padding is reversed into the front")
def reversed_as_a_whole_without_masks(xs, lengths, forward, backward):
    to_left = rows_of_states(xs[::-1], *backward)[::-1]
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the padding is reversed into the front")
def in_as_a_whole(xs, lengths, forward, backward):
    to_left = turned_by_index(rows_of_states(xs[::-1], *backward, lengths), lengths)
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the backward outputs are turned round as a whole")
def out_as_a_whole(xs, lengths, forward, backward):
    to_left = rows_of_states(turned_by_index(xs, lengths), *backward, lengths)[::-1]
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the backward direction reads from left to right, too")
def both_from_the_left(xs, lengths, forward, backward):
    runs = [rows_of_states(xs, *direction, lengths) for direction in (forward, backward)]
    return np.concatenate(runs, axis=2)


@wrong("bidirectional", "turn its input round, not only its outputs")
def only_outputs_turned(xs, lengths, forward, backward):
    to_left = turned_by_index(rows_of_states(xs, *backward, lengths), lengths)
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the sequences of the batch change places")
def batch_turned_round(xs, lengths, forward, backward):
    to_left = rows_of_states(xs[:, ::-1], *backward, lengths)[:, ::-1]
    return np.concatenate([rows_of_states(xs, *forward, lengths), to_left], axis=2)


@wrong("bidirectional", "the directions share weights: both run with those of forward")
def forward_twice(xs, lengths, forward, backward):
    return two_runs(xs, lengths, forward, forward)


@wrong("bidirectional", "the directions share weights: both run with those of backward")
def backward_twice(xs, lengths, forward, backward):
    return two_runs(xs, lengths, backward, backward)


@wrong("bidirectional", "the directions share W_hh and b_h")
def one_recurrent_matrix(xs, lengths, forward, backward):
    return two_runs(xs, lengths, forward, (backward[0], forward[1], forward[2]))


@wrong("bidirectional", "the two directions have changed their weights")
def weights_changed(xs, lengths, forward, backward):
    return two_runs(xs, lengths, backward, forward)


@wrong("bidirectional", "the backward half comes first")
def backward_first(xs, lengths, forward, backward):
    return np.roll(two_runs(xs, lengths, forward, backward), len(forward[2]), axis=2)


@wrong("bidirectional", "the two directions are added up")
def added_up(xs, lengths, forward, backward):
    return sum(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2))


@wrong("bidirectional", "the two directions are averaged")
def averaged(xs, lengths, forward, backward):
    return sum(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2)) / 2


@wrong("bidirectional", "one after the other in time")
def joined_in_time(xs, lengths, forward, backward):
    return np.concatenate(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2))


@wrong("bidirectional", "joined along the batch")
def joined_in_the_batch(xs, lengths, forward, backward):
    return np.hstack(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2))


@wrong("bidirectional", "stacked along a new axis")
def stacked(xs, lengths, forward, backward):
    return np.array(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2))


@wrong("bidirectional", "the directions are returned as a tuple")
def pair(xs, lengths, forward, backward):
    return tuple(np.split(two_runs(xs, lengths, forward, backward), 2, axis=2))


@wrong("bidirectional", "the backward direction is missing")
def one_direction_only(xs, lengths, forward, backward):
    return rows_of_states(xs, *forward, lengths)


@wrong("bidirectional", "reads the states of the forward one")
def one_above_the_other(xs, lengths, forward, backward):
    to_right = rows_of_states(xs, *forward, lengths)
    to_left = rows_of_states(turned_by_index(to_right, lengths), *backward, lengths)
    return np.concatenate([to_right, turned_by_index(to_left, lengths)], axis=2)


@wrong("bidirectional", "begins with the last state of the forward one")
def one_state_for_both(xs, lengths, forward, backward):
    to_right = rows_of_states(xs, *forward, lengths)
    W_xh, W_hh, b_h = backward
    h, rows = to_right[lengths - 1, np.arange(len(lengths))], []
    for t, x in enumerate(turned_by_index(xs, lengths)):
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h) * (t < lengths)[:, None]
        rows.append(h)
    return np.concatenate([to_right, turned_by_index(np.array(rows), lengths)], axis=2)


@wrong("bidirectional", "the padding is read, too")
def right_but_for_the_padding(xs, lengths, forward, backward):
    to_left = rows_of_states(turned_by_index(xs, lengths), *backward)
    to_right = rows_of_states(xs, *forward)
    return np.concatenate([to_right, turned_by_index(to_left, lengths)], axis=2)


@wrong("bidirectional", "backward's row t lacks word t")
def shifted_by_one(xs, lengths, forward, backward):
    states = two_runs(xs, lengths, forward, backward)
    H = states.shape[2] // 2
    states[:-1, :, H:] = states[1:, :, H:].copy()
    states[-1, :, H:] = 0
    return states


# last_states


@right("last_states")
def one_by_one(states, lengths):
    H = states.shape[2] // 2
    rows = [np.append(states[n - 1, b, :H], states[0, b, H:]) for b, n in enumerate(lengths)]
    return np.array(rows)


@right("last_states")
def split_first(states, lengths):
    to_right, to_left = np.split(states, 2, axis=2)
    return np.hstack([to_right[lengths - 1, range(len(lengths))], to_left[0]])


@wrong("last_states", "both halves are taken at the last row")
def last_row_of_both(states, lengths):
    return states[-1]


@wrong("last_states", "forward's last state is taken at the padding")
def forward_at_the_padding(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[-1, :, :H], states[0, :, H:]])


@wrong("last_states", "backward's half is taken at the last word")
def last_word_of_both(states, lengths):
    return states[lengths - 1, np.arange(len(lengths))]


@wrong("last_states", "backward's half is taken at the last row")
def right_and_padding(states, lengths):
    H = states.shape[2] // 2
    rows = np.arange(len(lengths))
    return np.hstack([states[lengths - 1, rows, :H], states[-1, :, H:]])


@wrong("last_states", "forward's half is taken at the first word")
def first_row_of_both(states, lengths):
    return states[0]


@wrong("last_states", "these are the wrong ends")
def wrong_ends(states, lengths):
    H = states.shape[2] // 2
    rows = np.arange(len(lengths))
    return np.hstack([states[0, :, :H], states[lengths - 1, rows, H:]])


@wrong("last_states", "the last word is at lengths - 1, not at lengths")
def at_length(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[lengths, np.arange(len(lengths)), :H], states[0, :, H:]])


@wrong("last_states", "not at lengths - 2")
def two_before_the_end(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[lengths - 2, np.arange(len(lengths)), :H], states[0, :, H:]])


@wrong("last_states", "backward ends at step 0, not at step 1")
def backward_at_one(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[lengths - 1, np.arange(len(lengths)), :H], states[1, :, H:]])


@wrong("last_states", "all sequences end with the longest")
def end_of_the_longest(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[max(lengths) - 1, :, :H], states[0, :, H:]])


@wrong("last_states", "all sequences end with the shortest")
def end_of_the_shortest(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[min(lengths) - 1, :, :H], states[0, :, H:]])


@wrong("last_states", "all sequences end with the first one")
def end_of_the_first(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[lengths[0] - 1, :, :H], states[0, :, H:]])


@wrong("last_states", "the lengths are counted from the end")
def counted_from_the_end(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[-lengths, np.arange(len(lengths)), :H], states[0, :, H:]])


@wrong("last_states", "the backward half comes first")
def backward_before_forward(states, lengths):
    H = states.shape[2] // 2
    return np.hstack([states[0, :, H:], states[lengths - 1, np.arange(len(lengths)), :H]])


@wrong("last_states", "the two halves are added up")
def sum_of_halves(states, lengths):
    H = states.shape[2] // 2
    return states[0, :, H:] + states[lengths - 1, np.arange(len(lengths)), :H]


@wrong("last_states", "this is the mean over the steps")
def mean_of_steps(states, lengths):
    return states.sum(axis=0) / lengths[:, None]


@wrong("last_states", "this is the mean over the steps")
def mean_with_padding(states, lengths):
    return states.mean(axis=0)


@wrong("last_states", "the largest value over the steps")
def largest_of_steps(states, lengths):
    return np.array([states[:n, b].max(axis=0) for b, n in enumerate(lengths)])


@wrong("last_states", "the halves are put one below the other")
def below_each_other(states, lengths):
    H = states.shape[2] // 2
    return np.vstack([states[lengths - 1, np.arange(len(lengths)), :H], states[0, :, H:]])


@wrong("last_states", "only forward's half is returned")
def forward_alone(states, lengths):
    return states[lengths - 1, np.arange(len(lengths)), : states.shape[2] // 2]


# sees


@right("sees")
def sees_by_sets(layers, T):
    seen = [{t} for t in range(T)]
    for kind in layers:
        below, seen = seen, []
        for t in range(T):
            ways = {
                "forward": range(t + 1),
                "backward": range(t, T),
                "both": range(T),
                "around": [s for s in range(T) if s != t],
            }
            seen.append(set().union(*(below[s] for s in ways[kind])))
    return np.array([[s in row for s in range(T)] for row in seen])


@right("sees")
def sees_by_products(layers, T):
    seen = np.eye(T, dtype=int)
    for kind in layers:
        view = np.ones((T, T), dtype=int)
        if kind == "forward":
            view = np.tril(view)
        if kind == "backward":
            view = np.triu(view)
        if kind == "around":
            np.fill_diagonal(view, 0)
        seen = view @ seen
    return seen.astype(bool)


def view(kind, T):
    all_words = np.ones((T, T), dtype=bool)
    return {
        "forward": np.tril(all_words),
        "backward": np.triu(all_words),
        "both": all_words,
        "around": all_words & ~np.eye(T, dtype=bool),
    }[kind]


@wrong("sees", "forward and backward are swapped, or rows and columns")
def upper_triangle_for_forward(layers, T):
    other = {"forward": "backward", "backward": "forward"}
    return sees_by_products([other.get(kind, kind) for kind in layers], T)


@wrong("sees", "forward and backward are swapped, or rows and columns")
def columns_for_rows(layers, T):
    return sees_by_products(layers[::-1], T).T


@wrong("sees", "the layers' views are united")
def union_of_layers(layers, T):
    seen = np.eye(T, dtype=bool) & (layers[0] != "around")
    for kind in layers:
        seen = seen | view(kind, T)
    return seen


@wrong("sees", "only what every layer sees is kept")
def multiplied_entry_by_entry(layers, T):
    seen = np.ones((T, T))
    for kind in layers:
        seen = seen * view(kind, T)
    return seen > 0


@wrong("sees", "only the top layer counts")
def top_layer_alone(layers, T):
    return view(layers[-1], T)


@wrong("sees", "only the lowest layer counts")
def lowest_layer_alone(layers, T):
    return view(layers[0], T)


@wrong("sees", "the layers come in the wrong order")
def from_the_top(layers, T):
    return sees_by_products(list(reversed(layers)), T)


@wrong("sees", "the layers come in the wrong order")
def factors_in_the_wrong_order(layers, T):
    seen = np.eye(T)
    for kind in layers:
        seen = seen @ view(kind, T)
    return seen > 0


@wrong("sees", "sees the word itself, too")
def without_the_diagonal(layers, T):
    seen = np.eye(T)
    for kind in layers:
        seen = (view(kind, T) & ~np.eye(T, dtype=bool)) @ seen
    return seen > 0


@wrong("sees", "the word is taken out at the end")
def diagonal_taken_out_at_the_end(layers, T):
    seen = sees_by_products(["both" if kind == "around" else kind for kind in layers], T)
    if "around" in layers:
        np.fill_diagonal(seen, False)
    return seen


@wrong("sees", "around does not see the word itself")
def around_is_both(layers, T):
    return sees_by_products(["both" if kind == "around" else kind for kind in layers], T)


@wrong("sees", "not the two neighbours alone")
def around_is_the_neighbours(layers, T):
    seen = np.eye(T)
    for kind in layers:
        one = view(kind, T)
        if kind == "around":
            one = np.eye(T, k=1) + np.eye(T, k=-1)
        seen = one @ seen
    return seen > 0


@wrong("sees", "both is taken for forward")
def both_is_forward(layers, T):
    return sees_by_products(["forward" if kind == "both" else kind for kind in layers], T)


@wrong("sees", "both sees all words, not its own alone")
def both_is_an_intersection(layers, T):
    seen = np.eye(T)
    for kind in layers:
        if kind == "both":
            seen = (np.tri(T) * np.tri(T).T) @ seen
        else:
            seen = view(kind, T) @ seen
    return seen > 0


@wrong("sees", "a layer sees more than the neighbours")
def one_step_a_layer(layers, T):
    near = np.eye(T) + np.eye(T, k=1) + np.eye(T, k=-1)
    seen = np.eye(T)
    for kind in layers:
        seen = (view(kind, T) * near) @ seen
    return seen > 0


@wrong("sees", "these are numbers of ways")
def numbers_of_ways(layers, T):
    seen = np.eye(T)
    for kind in layers:
        seen = view(kind, T) @ seen
    return seen


@wrong("sees", "these are 0 and 1")
def zeros_and_ones(layers, T):
    return sees_by_products(layers, T).astype(int)


@wrong("sees", "True and False are swapped")
def what_is_hidden(layers, T):
    return sees_by_products(layers, T) == 0


# around


@right("around")
def shifted_into_zeros(states, lengths):
    H = states.shape[2] // 2
    context = np.zeros_like(states)
    for b, n in enumerate(lengths):
        context[1:n, b, :H] = states[: n - 1, b, :H]
        context[: n - 1, b, H:] = states[1:n, b, H:]
    return context


@right("around")
def row_by_row(states, lengths):
    T, B, size = states.shape
    context, H = np.zeros((T, B, size)), size // 2
    for b in range(B):
        for t in range(lengths[b]):
            if t > 0:
                context[t, b, :H] = states[t - 1, b, :H]
            if t + 1 < lengths[b]:
                context[t, b, H:] = states[t + 1, b, H:]
    return context


def shifts(states, lengths, right, left):
    to_right, to_left = np.split(states, 2, axis=2)
    for half, k in ((to_right, right), (to_left, left)):
        half[...] = np.roll(half, k, axis=0)
        if k > 0:
            half[:k] = 0
        if k < 0:
            half[k:] = 0
    mask = np.arange(len(states))[:, None] < lengths
    return np.concatenate([to_right, to_left], axis=2) * mask[:, :, None]


@wrong("around", "nothing is shifted")
def nothing_shifted(states, lengths):
    return states.copy()


@wrong("around", "the shifts go the wrong way")
def the_wrong_way(states, lengths):
    return shifts(states.copy(), lengths, -1, 1)


@wrong("around", "both halves are shifted to t - 1")
def both_later(states, lengths):
    return shifts(states.copy(), lengths, 1, 1)


@wrong("around", "both halves are shifted to t + 1")
def both_earlier(states, lengths):
    return shifts(states.copy(), lengths, -1, -1)


@wrong("around", "only forward is shifted")
def forward_shifted(states, lengths):
    return shifts(states.copy(), lengths, 1, 0)


@wrong("around", "only backward is shifted")
def backward_shifted(states, lengths):
    return shifts(states.copy(), lengths, 0, -1)


@wrong("around", "np.roll brings the last row round to the first")
def rolled(states, lengths):
    H = states.shape[2] // 2
    context = states.copy()
    context[:, :, :H] = np.roll(states[:, :, :H], 1, axis=0)
    context[:, :, H:] = np.roll(states[:, :, H:], -1, axis=0)
    return context * (np.arange(len(states))[:, None] < lengths)[:, :, None]


@wrong("around", "np.roll brings the last row round to the first")
def rolled_into_the_padding(states, lengths):
    H = states.shape[2] // 2
    halves = np.roll(states[:, :, :H], 1, axis=0), np.roll(states[:, :, H:], -1, axis=0)
    return np.concatenate(halves, axis=2)


@wrong("around", "at the padding there are zeros")
def shifted_into_the_padding(states, lengths):
    H = states.shape[2] // 2
    context = np.zeros_like(states)
    context[1:, :, :H] = states[:-1, :, :H]
    context[:-1, :, H:] = states[1:, :, H:]
    return context


@wrong("around", "the shift is two steps")
def two_steps(states, lengths):
    return shifts(states.copy(), lengths, 2, -2)


@wrong("around", "the backward half comes first")
def halves_swapped(states, lengths):
    return np.roll(shifts(states.copy(), lengths, 1, -1), states.shape[2] // 2, axis=2)


@wrong("around", "the first row has forward's own state")
def edges_kept(states, lengths):
    H = states.shape[2] // 2
    context = states.copy()
    for b, n in enumerate(lengths):
        context[1:n, b, :H] = states[: n - 1, b, :H]
        context[: n - 1, b, H:] = states[1:n, b, H:]
    return context


@wrong("around", "the first and the last row are all zeros")
def edges_empty(states, lengths):
    H = states.shape[2] // 2
    context = np.zeros_like(states)
    for b, n in enumerate(lengths):
        for t in range(1, n - 1):
            context[t, b] = np.append(states[t - 1, b, :H], states[t + 1, b, H:])
    return context


@wrong("around", "the first and the last step are left out")
def edges_left_out(states, lengths):
    return shifts(states.copy(), lengths, 1, -1)[1:-1]


@wrong("around", "the two halves are added up")
def neighbours_added(states, lengths):
    return sum(np.split(shifts(states.copy(), lengths, 1, -1), 2, axis=2))


@wrong("around", "the shift goes along the batch")
def along_the_batch(states, lengths):
    H = states.shape[2] // 2
    context = np.zeros_like(states)
    context[:, 1:, :H] = states[:, :-1, :H]
    context[:, :-1, H:] = states[:, 1:, H:]
    return context * (np.arange(len(states))[:, None] < lengths)[:, :, None]


@wrong("around", "forward's half is missing")
def right_context_alone(states, lengths):
    context = shifts(states.copy(), lengths, 1, -1)
    context[:, :, : states.shape[2] // 2] = 0
    return context


@wrong("around", "backward's half is missing")
def left_context_alone(states, lengths):
    context = shifts(states.copy(), lengths, 1, -1)
    context[:, :, states.shape[2] // 2 :] = 0
    return context


@wrong("around", "it changes its argument `states`; work on a copy")
def shifted_in_place(states, lengths):
    H = states.shape[2] // 2
    states[1:, :, :H] = states[:-1, :, :H].copy()
    states[:-1, :, H:] = states[1:, :, H:].copy()
    states[0, :, :H] = 0
    states[-1, :, H:] = 0
    return states * (np.arange(len(states))[:, None] < lengths)[:, :, None]


# stack_step


@right("stack_step")
def layer_by_number(x, hs, layers):
    new = np.zeros_like(hs)
    for k in range(len(layers)):
        W_xh, W_hh, b_h = layers[k]
        seen = x if k == 0 else new[k - 1]
        new[k] = np.tanh(np.dot(W_xh, seen) + np.dot(W_hh, hs[k]) + b_h)
    return new


@right("stack_step")
def as_rows(x, hs, layers):
    states = [x]
    for k, (W_xh, W_hh, b_h) in enumerate(layers):
        states.append(np.tanh(states[k] @ W_xh.T + hs[k] @ W_hh.T + b_h))
    return np.vstack(states[1:])


@wrong("stack_step", "each begins with that of the first")
def state_of_the_first(x, hs, layers):
    new = []
    for W_xh, W_hh, b_h in layers:
        x = np.tanh(W_xh @ x + W_hh @ hs[0] + b_h)
        new.append(x)
    return np.array(new)


@wrong("stack_step", "each goes on from the one below")
def one_state_for_all(x, hs, layers):
    h, new = hs[0], []
    for W_xh, W_hh, b_h in layers:
        x = h = np.tanh(W_xh @ x + W_hh @ h + b_h)
        new.append(h)
    return np.array(new)


@wrong("stack_step", "each begins with that of the last")
def state_of_the_last(x, hs, layers):
    new = []
    for W_xh, W_hh, b_h in layers:
        x = np.tanh(W_xh @ x + W_hh @ hs[-1] + b_h)
        new.append(x)
    return np.array(new)


@wrong("stack_step", "reads what the layer below said a step ago")
def old_state_of_the_layer_below(x, hs, layers):
    seen = [x, *hs[:-1]]
    rows = [
        np.tanh(W_xh @ seen[k] + W_hh @ hs[k] + b_h) for k, (W_xh, W_hh, b_h) in enumerate(layers)
    ]
    return np.array(rows)


@wrong("stack_step", "all layers read x")
def all_read_the_word(x, hs, layers):
    rows = [
        np.tanh(W_xh @ x + W_hh @ h + b_h) for h, (W_xh, W_hh, b_h) in zip(hs, layers, strict=True)
    ]
    return np.array(rows)


@wrong("stack_step", "that would be a dense connection")
def word_added_to_all(x, hs, layers):
    word, new = x, []
    for k, (W_xh, W_hh, b_h) in enumerate(layers):
        seen = word if k == 0 else new[k - 1] + word
        new.append(np.tanh(W_xh @ seen + W_hh @ hs[k] + b_h))
    return np.array(new)


@wrong("stack_step", "a layer reads its own old state in place of the layer below")
def reads_itself(x, hs, layers):
    rows = []
    for k, (W_xh, W_hh, b_h) in enumerate(layers):
        rows.append(np.tanh(W_xh @ (hs[k] if k else x) + W_hh @ hs[k] + b_h))
    return np.array(rows)


@wrong("stack_step", "begins with the old state of the layer above")
def state_of_the_layer_above(x, hs, layers):
    return layer_by_number(x, np.vstack([hs[1:], hs[-1:]]), layers)


@wrong("stack_step", "begins with the old state of the layer below")
def state_of_the_layer_below(x, hs, layers):
    return layer_by_number(x, np.vstack([hs[:1], hs[:-1]]), layers)


@wrong("stack_step", "the states are taken from the top")
def states_from_the_top(x, hs, layers):
    return layer_by_number(x, hs[::-1], layers)


@wrong("stack_step", "the states come out from the top")
def put_in_front(x, hs, layers):
    new = []
    for k, (W_xh, W_hh, b_h) in enumerate(layers):
        x = np.tanh(W_xh @ x + W_hh @ hs[k] + b_h)
        new.insert(0, x)
    return np.array(new)


@wrong("stack_step", "every layer begins with zeros")
def without_memory(x, hs, layers):
    return layer_by_number(x, np.zeros_like(hs), layers)


@wrong("stack_step", "the layers share weights")
def weights_of_the_first(x, hs, layers):
    return layer_by_number(x, hs, [layers[0]] * len(layers))


@wrong("stack_step", "the layers share W_hh and b_h")
def recurrence_of_the_first(x, hs, layers):
    return layer_by_number(x, hs, [(W_xh, *layers[0][1:]) for W_xh, _, _ in layers])


@wrong("stack_step", "only the highest layer's state is returned")
def top_state_only(x, hs, layers):
    return layer_by_number(x, hs, layers)[-1]


@wrong("stack_step", "only the lowest layer takes a step")
def lowest_layer_only(x, hs, layers):
    W_xh, W_hh, b_h = layers[0]
    return np.vstack([np.tanh(W_xh @ x + W_hh @ hs[0] + b_h), hs[1:]])


@wrong("stack_step", "the states are put end to end")
def end_to_end(x, hs, layers):
    return layer_by_number(x, hs, layers).ravel()


@wrong("stack_step", "tanh is missing")
def without_tanh(x, hs, layers):
    new = []
    for h, (W_xh, W_hh, b_h) in zip(hs, layers, strict=True):
        x = W_xh @ x + W_hh @ h + b_h
        new.append(x)
    return np.array(new)


@wrong("stack_step", "the bias b_h is forgotten")
def without_biases(x, hs, layers):
    return layer_by_number(x, hs, [(W_xh, W_hh, 0 * b_h) for W_xh, W_hh, b_h in layers])


@wrong("stack_step", "W_hh is transposed")
def state_as_a_row(x, hs, layers):
    return layer_by_number(x, hs, [(W_xh, W_hh.T, b_h) for W_xh, W_hh, b_h in layers])


@wrong("stack_step", "that would be a residual connection")
def residual_stack(x, hs, layers):
    return np.cumsum(layer_by_number(x, hs, layers), axis=0)


@wrong("stack_step", "it changes its argument `hs`; work on a copy")
def stepped_in_place(x, hs, layers):
    for k, (W_xh, W_hh, b_h) in enumerate(layers):
        x = hs[k] = np.tanh(W_xh @ x + W_hh @ hs[k] + b_h)
    return hs


# join


@right("join")
def by_cases(kind, x, y, gate):
    if kind == "highway":
        g = sigmoid((gate[0] @ x[..., None])[..., 0] + gate[1])
        return x + g * (y - x)
    return np.add(x, y) if kind == "residual" else np.append(x, y, axis=-1)


@right("join")
def with_a_dictionary(kind, x, y, gate):
    def highway(x, y):
        carried = sigmoid(-(x @ gate[0].T + gate[1]))
        return (1 - carried) * y + carried * x

    joins = {
        "residual": lambda x, y: y + x,
        "dense": lambda x, y: np.concatenate((x, y), axis=2),
        "highway": highway,
    }
    return joins[kind](x, y)


def other_join(kind, x, y, gate, **others):
    return others[kind](x, y, gate) if kind in others else by_cases(kind, x, y, gate)


def gate_of(x, gate):
    return sigmoid(x @ gate[0].T + gate[1])


@wrong("join", "g and 1 - g are swapped")
def gate_carries(kind, x, y, gate):
    return other_join(
        *(kind, x, y, gate),
        highway=lambda x, y, gate: gate_of(x, gate) * x + (1 - gate_of(x, gate)) * y,
    )


@wrong("join", "g multiplies both")
def gate_for_both(kind, x, y, gate):
    return other_join(kind, x, y, gate, highway=lambda x, y, gate: gate_of(x, gate) * (x + y))


@wrong("join", "x is carried whole")
def gated_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, highway=lambda x, y, gate: x + gate_of(x, gate) * y)


@wrong("join", "y comes in whole")
def carried_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, highway=lambda x, y, gate: (1 - gate_of(x, gate)) * x + y)


@wrong("join", "x is lost: the highway carries")
def gate_alone(kind, x, y, gate):
    return other_join(kind, x, y, gate, highway=lambda x, y, gate: gate_of(x, gate) * y)


@wrong("join", "the gate looks at y")
def gate_sees_what_is_new(kind, x, y, gate):
    return other_join(
        *(kind, x, y, gate),
        highway=lambda x, y, gate: gate_of(y, gate) * y + (1 - gate_of(y, gate)) * x,
    )


@wrong("join", "the gate goes through tanh")
def gate_by_tanh(kind, x, y, gate):
    def highway(x, y, gate):
        g = np.tanh(x @ gate[0].T + gate[1])
        return g * y + (1 - g) * x

    return other_join(kind, x, y, gate, highway=highway)


@wrong("join", "the sigmoid is missing on the gate")
def gate_not_squashed(kind, x, y, gate):
    def highway(x, y, gate):
        g = x @ gate[0].T + gate[1]
        return g * y + (1 - g) * x

    return other_join(kind, x, y, gate, highway=highway)


@wrong("join", "or the exponent lacks its minus")
def exponent_without_minus(kind, x, y, gate):
    def highway(x, y, gate):
        g = 1 / (1 + np.exp(x @ gate[0].T + gate[1]))
        return g * y + (1 - g) * x

    return other_join(kind, x, y, gate, highway=highway)


@wrong("join", "the gate's bias is forgotten")
def gate_without_bias(kind, x, y, gate):
    return by_cases(kind, x, y, (gate[0], np.zeros_like(gate[1])))


@wrong("join", "W_g is transposed")
def gate_transposed(kind, x, y, gate):
    return by_cases(kind, x, y, (gate[0].T, gate[1]))


@wrong("join", "residual is y alone")
def no_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, residual=lambda x, y, gate: y)


@wrong("join", "residual is a mean")
def mean_for_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, residual=lambda x, y, gate: (x + y) / 2)


@wrong("join", "residual goes through tanh")
def squashed_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, residual=lambda x, y, gate: np.tanh(x + y))


@wrong("join", "residual is a product")
def product_for_residual(kind, x, y, gate):
    return other_join(kind, x, y, gate, residual=lambda x, y, gate: x * y)


@wrong("join", "dense puts y first")
def new_first(kind, x, y, gate):
    return other_join(kind, x, y, gate, dense=lambda x, y, gate: np.concatenate([y, x], axis=-1))


@wrong("join", "dense joins along the time")
def dense_in_time(kind, x, y, gate):
    return other_join(kind, x, y, gate, dense=lambda x, y, gate: np.concatenate([x, y]))


@wrong("join", "dense joins along the batch")
def dense_in_the_batch(kind, x, y, gate):
    return other_join(kind, x, y, gate, dense=lambda x, y, gate: np.hstack([x, y]))


@wrong("join", "dense stacks along a new axis")
def dense_on_a_new_axis(kind, x, y, gate):
    return other_join(kind, x, y, gate, dense=lambda x, y, gate: np.stack([x, y]))


@wrong("join", "dense adds up")
def dense_is_a_sum(kind, x, y, gate):
    return other_join(kind, x, y, gate, dense=lambda x, y, gate: x + y)


@wrong("join", "residual and dense are swapped")
def names_swapped(kind, x, y, gate):
    other = {"residual": "dense", "dense": "residual"}
    return by_cases(other.get(kind, kind), x, y, gate)


@wrong("join", "every kind is residual")
def always_residual(kind, x, y, gate):
    return x + y


@wrong("join", "it changes its argument `x`; work on a copy")
def added_in_place(kind, x, y, gate):
    if kind == "residual":
        x += y
        return x
    return by_cases(kind, x, y, gate)


# layer_gradients


@right("layer_gradients")
def row_vectors(dy, jacobians, residual):
    rows = np.zeros((len(jacobians) + 1, len(dy)))
    rows[-1] = dy
    for k in range(len(jacobians) - 1, -1, -1):
        rows[k] = rows[k + 1] @ jacobians[k]
        if residual:
            rows[k] += rows[k + 1]
    return rows


@right("layer_gradients")
def with_the_identity(dy, jacobians, residual):
    identity = np.eye(len(dy)) if residual else 0
    rows = [dy]
    for J in reversed(jacobians):
        rows.insert(0, (J + identity).T @ rows[0])
    return np.stack(rows)


@wrong("layer_gradients", "the Jacobians are not transposed")
def not_transposed(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        rows.append(J @ rows[-1] + residual * rows[-1])
    return np.array(rows[::-1])


@wrong("layer_gradients", "the error goes through the lowest layer first")
def lowest_first(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians:
        rows.append(J.T @ rows[-1] + residual * rows[-1])
    return np.array(rows[::-1])


@wrong("layer_gradients", "the rows come out from the top")
def from_top_to_bottom(dy, jacobians, residual):
    return row_vectors(dy, jacobians, residual)[::-1]


@wrong("layer_gradients", "the skips are forgotten")
def no_skips(dy, jacobians, residual):
    return row_vectors(dy, jacobians, False)


@wrong("layer_gradients", "the skips are always there")
def skips_always(dy, jacobians, residual):
    return row_vectors(dy, jacobians, True)


@wrong("layer_gradients", "residual is turned round")
def skips_turned_round(dy, jacobians, residual):
    return row_vectors(dy, jacobians, not residual)


@wrong("layer_gradients", "over a skip comes the error of the top")
def error_of_the_top(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        rows.append(J.T @ rows[-1] + (dy if residual else 0))
    return np.array(rows[::-1])


@wrong("layer_gradients", "the error goes over the skips alone")
def skips_alone(dy, jacobians, residual):
    if residual:
        return np.array([dy] * (len(jacobians) + 1))
    return row_vectors(dy, jacobians, False)


@wrong("layer_gradients", "the skip goes through the layer, too")
def skip_through_the_layer(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        rows.append(J.T @ (rows[-1] + rows[-1] if residual else rows[-1]))
    return np.array(rows[::-1])


@wrong("layer_gradients", "the two ways are averaged")
def mean_of_both_ways(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        d = J.T @ rows[-1]
        rows.append((d + rows[-1]) / 2 if residual else d)
    return np.array(rows[::-1])


@wrong("layer_gradients", "1 is added, not the error")
def one_added(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        rows.append(J.T @ rows[-1] + (1 if residual else 0))
    return np.array(rows[::-1])


@wrong("layer_gradients", "1 is added to every entry of J")
def one_for_the_identity(dy, jacobians, residual):
    return row_vectors(dy, jacobians + 1.0 * residual, False)


@wrong("layer_gradients", "the row of dy is missing")
def without_the_top(dy, jacobians, residual):
    return row_vectors(dy, jacobians, residual)[:-1]


@wrong("layer_gradients", "the lowest row is missing")
def without_the_input(dy, jacobians, residual):
    return row_vectors(dy, jacobians, residual)[1:]


@wrong("layer_gradients", "only the lowest row is returned")
def input_row_alone(dy, jacobians, residual):
    return row_vectors(dy, jacobians, residual)[0]


@wrong("layer_gradients", "each layer gets dy")
def each_gets_the_top_error(dy, jacobians, residual):
    rows = [J.T @ dy + (dy if residual else 0) for J in jacobians]
    return np.array([*rows, dy])


@wrong("layer_gradients", "only the diagonals of the Jacobians are taken")
def diagonals(dy, jacobians, residual):
    return row_vectors(dy, jacobians * np.eye(len(dy)), residual)


@wrong("layer_gradients", "only the highest layer has a skip here")
def one_skip_at_the_top(dy, jacobians, residual):
    rows = [dy]
    for k, J in enumerate(jacobians[::-1]):
        rows.append(J.T @ rows[-1] + (rows[-1] if residual and k == 0 else 0))
    return np.array(rows[::-1])


@wrong("layer_gradients", "the sign is wrong")
def skip_subtracted(dy, jacobians, residual):
    rows = [dy]
    for J in jacobians[::-1]:
        rows.append(J.T @ rows[-1] - (rows[-1] if residual else 0))
    return np.array(rows[::-1])


@wrong("layer_gradients", "the rows are added up")
def rows_added_up(dy, jacobians, residual):
    return np.cumsum(row_vectors(dy, jacobians, residual)[::-1], axis=0)[::-1]


# count_parameters

BLOCKS = {"srn": 1, "gru": 3, "lstm": 4}


@right("count_parameters")
def by_the_formula(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    H, n = hidden_size, 2 if bidirectional else 1
    below = [k * n * H if k == 0 or dense else n * H for k in range(num_layers)]
    sizes = [b + (input_size if k == 0 or dense else 0) for k, b in enumerate(below)]
    return n * BLOCKS[cell] * H * sum(size + H + 2 for size in sizes)


@right("count_parameters")
def by_recursion(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    if num_layers == 0:
        return 0
    gives = hidden_size * (1 + bidirectional)
    seen = input_size + gives if dense else gives
    own = BLOCKS[cell] * gives * (input_size + hidden_size + 2)
    return own + by_recursion(cell, seen, hidden_size, num_layers - 1, bidirectional, dense)


def counted(cell, D, H, L, bidirectional, dense, above=None, biases=2, blocks=BLOCKS):
    n, total, seen = 1 + bidirectional, 0, D
    for _ in range(L):
        total += n * blocks[cell] * H * (seen + H + biases)
        gives = n * H if above is None else above(H, n)
        seen = seen + gives if dense else gives
    return total


@wrong("count_parameters", "of two directions it sees both")
def one_direction_goes_up(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(
        *(cell, input_size, hidden_size, num_layers, bidirectional, dense), above=lambda H, n: H
    )


@wrong("count_parameters", "sees 2 * H numbers where there is one direction")
def two_directions_go_up(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(
        *(cell, input_size, hidden_size, num_layers, bidirectional, dense), above=lambda H, n: 2 * H
    )


@wrong("count_parameters", "the directions share weights here")
def counted_once(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    n = counted(cell, input_size, hidden_size, num_layers, bidirectional, dense)
    return n // 2 if bidirectional else n


@wrong("count_parameters", "the second direction is forgotten")
def one_direction(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers, False, dense)


@wrong("count_parameters", "the dense connections are forgotten")
def never_dense(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers, bidirectional, False)


@wrong("count_parameters", "the connections are always dense here")
def always_dense(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers, bidirectional, True)


@wrong("count_parameters", "dense leaves the input out")
def dense_without_input(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    n, total = 1 + bidirectional, 0
    for k in range(num_layers):
        below = k if dense else min(k, 1)
        seen = below * n * hidden_size if k else input_size
        total += n * BLOCKS[cell] * hidden_size * (seen + hidden_size + 2)
    return total


@wrong("count_parameters", "dense forgets the layers further below")
def dense_with_the_input_alone(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    n, total, seen = 1 + bidirectional, 0, input_size
    for _ in range(num_layers):
        total += n * BLOCKS[cell] * hidden_size * (seen + hidden_size + 2)
        seen = n * hidden_size + (input_size if dense else 0)
    return total


@wrong("count_parameters", "all layers are counted as the first")
def layers_times_the_first(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return num_layers * counted(cell, input_size, hidden_size, 1, bidirectional, dense)


@wrong("count_parameters", "only one layer is counted")
def first_layer(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, 1, bidirectional, dense)


@wrong("count_parameters", "one layer is missing")
def layer_missing(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers - 1, bidirectional, dense)


@wrong("count_parameters", "W_hh has 2 * H columns here")
def states_of_both_directions(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    n, total, seen = 1 + bidirectional, 0, input_size
    for _ in range(num_layers):
        total += n * BLOCKS[cell] * hidden_size * (seen + n * hidden_size + 2)
        seen = n * hidden_size + (seen if dense else 0)
    return total


@wrong("count_parameters", "one bias is counted")
def one_bias(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers, bidirectional, dense, biases=1)


@wrong("count_parameters", "the biases are forgotten")
def without_bias(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(cell, input_size, hidden_size, num_layers, bidirectional, dense, biases=0)


@wrong("count_parameters", "the weights from the state are forgotten")
def without_recurrence(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    n, total, seen = 1 + bidirectional, 0, input_size
    for _ in range(num_layers):
        total += n * BLOCKS[cell] * hidden_size * (seen + 2)
        seen = n * hidden_size + (seen if dense else 0)
    return total


@wrong("count_parameters", "a GRU has 3 with its candidate")
def gates_only(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(
        *(cell, input_size, hidden_size, num_layers, bidirectional, dense),
        blocks={"srn": 1, "gru": 2, "lstm": 3},
    )


@wrong("count_parameters", "the cell plays no part")
def all_simple(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted("srn", input_size, hidden_size, num_layers, bidirectional, dense)


@wrong("count_parameters", "GRU and LSTM are swapped")
def gru_as_lstm(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    return counted(
        *(cell, input_size, hidden_size, num_layers, bidirectional, dense),
        blocks={"srn": 1, "gru": 4, "lstm": 3},
    )


# input_gradients


@right("input_gradients")
def two_loops(dstates, states, forward, backward):
    T, H = len(states), states.shape[1] // 2
    dxs = np.zeros((T, forward[0].shape[1]))
    later = np.zeros(H)
    for t in range(T - 1, -1, -1):
        da = (dstates[t, :H] + later) * (1 - states[t, :H] ** 2)
        dxs[t] += forward[0].T @ da
        later = forward[1].T @ da
    later = np.zeros(H)
    for t in range(T):
        da = (dstates[t, H:] + later) * (1 - states[t, H:] ** 2)
        dxs[t] += backward[0].T @ da
        later = backward[1].T @ da
    return dxs


@right("input_gradients")
def one_way_twice(dstates, states, forward, backward):
    right, left = np.split(states, 2, axis=1)
    d_right, d_left = np.split(dstates, 2, axis=1)
    back = errors_back(d_left[::-1], left[::-1], *backward)
    return errors_back(d_right, right, *forward) + back[::-1]


def errors_back(dhs, hs, W_xh, W_hh, b_h, carried=True, slope=True):
    dxs, later = np.zeros((len(hs), W_xh.shape[1])), np.zeros(len(W_hh))
    for t in reversed(range(len(hs))):
        da = dhs[t] + later
        if slope:
            da = da * (1 - hs[t] ** 2)
        dxs[t] = W_xh.T @ da
        later = W_hh.T @ da if carried else 0
    return dxs


@wrong("input_gradients", "backward's error goes from right to left")
def both_from_the_right(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_left = errors_back(dstates[:, H:], states[:, H:], *backward)
    return errors_back(dstates[:, :H], states[:, :H], *forward) + of_left


@wrong("input_gradients", "backward's gradients are not turned back")
def gradients_not_turned_back(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_left = errors_back(dstates[::-1, H:], states[::-1, H:], *backward)
    return errors_back(dstates[:, :H], states[:, :H], *forward) + of_left


@wrong("input_gradients", "backward's errors are not turned round before")
def only_gradients_turned(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_left = errors_back(dstates[:, H:], states[:, H:], *backward)
    return errors_back(dstates[:, :H], states[:, :H], *forward) + of_left[::-1]


@wrong("input_gradients", "both errors go from left to right")
def both_from_the_left_back(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_right = errors_back(dstates[::-1, :H], states[::-1, :H], *forward)
    of_left = errors_back(dstates[::-1, H:], states[::-1, H:], *backward)
    return (of_right + of_left)[::-1]


@wrong("input_gradients", "the two directions are swapped")
def loops_swapped(dstates, states, forward, backward):
    return two_loops(dstates[::-1], states[::-1], forward, backward)[::-1]


@wrong("input_gradients", "backward's part is missing")
def of_forward_alone(dstates, states, forward, backward):
    H = states.shape[1] // 2
    return errors_back(dstates[:, :H], states[:, :H], *forward)


@wrong("input_gradients", "forward's part is missing")
def of_backward_alone(dstates, states, forward, backward):
    H = states.shape[1] // 2
    return errors_back(dstates[::-1, H:], states[::-1, H:], *backward)[::-1]


@wrong("input_gradients", "the two parts are put side by side")
def side_by_side(dstates, states, forward, backward):
    parts = (
        of_forward_alone(dstates, states, forward, backward),
        of_backward_alone(dstates, states, forward, backward),
    )
    return np.concatenate(parts, axis=1)


@wrong("input_gradients", "the two parts are averaged")
def mean_of_parts(dstates, states, forward, backward):
    return two_loops(dstates, states, forward, backward) / 2


@wrong("input_gradients", "both errors go through those of forward")
def weights_of_forward(dstates, states, forward, backward):
    return two_loops(dstates, states, forward, forward)


@wrong("input_gradients", "both errors go through those of backward")
def weights_of_backward(dstates, states, forward, backward):
    return two_loops(dstates, states, backward, backward)


@wrong("input_gradients", "the halves of dstates are swapped")
def errors_swapped(dstates, states, forward, backward):
    return two_loops(np.roll(dstates, states.shape[1] // 2, axis=1), states, forward, backward)


@wrong("input_gradients", "the halves of states are swapped")
def states_swapped(dstates, states, forward, backward):
    return two_loops(dstates, np.roll(states, states.shape[1] // 2, axis=1), forward, backward)


@wrong("input_gradients", "the error does not go on to other steps")
def nothing_carried(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_right = errors_back(dstates[:, :H], states[:, :H], *forward, carried=False)
    return of_right + errors_back(dstates[:, H:], states[:, H:], *backward, carried=False)


@wrong("input_gradients", "the slopes are missing")
def no_slopes(dstates, states, forward, backward):
    H = states.shape[1] // 2
    of_left = errors_back(dstates[::-1, H:], states[::-1, H:], *backward, slope=False)
    of_right = errors_back(dstates[:, :H], states[:, :H], *forward, slope=False)
    return of_right + of_left[::-1]


@wrong("input_gradients", "the slope is taken of tanh(h)")
def tanh_once_more(dstates, states, forward, backward):
    return two_loops(dstates, np.tanh(states), forward, backward)


@wrong("input_gradients", "W_hh is not transposed")
def recurrence_not_transposed(dstates, states, forward, backward):
    forward, backward = ((W_xh, W_hh.T, b_h) for W_xh, W_hh, b_h in (forward, backward))
    return two_loops(dstates, states, forward, backward)


@wrong("input_gradients", "dh goes back through W_hh")
def carried_without_slope(dstates, states, forward, backward):
    H = states.shape[1] // 2
    dxs = np.zeros((len(states), forward[0].shape[1]))
    for order, half, (W_xh, W_hh, _) in (
        (range(len(states))[::-1], slice(None, H), forward),
        (range(len(states)), slice(H, None), backward),
    ):
        later = np.zeros(H)
        for t in order:
            dh = dstates[t, half] + later
            dxs[t] += W_xh.T @ (dh * (1 - states[t, half] ** 2))
            later = W_hh.T @ dh
    return dxs


@wrong("input_gradients", "only the error of each direction's last step goes back")
def last_steps_only(dstates, states, forward, backward):
    H = states.shape[1] // 2
    alone = np.zeros_like(dstates)
    alone[-1, :H], alone[0, H:] = dstates[-1, :H], dstates[0, H:]
    return two_loops(alone, states, forward, backward)


@wrong("input_gradients", "these are the gradients at the states' nets")
def not_to_the_words(dstates, states, forward, backward):
    identity = np.eye(states.shape[1] // 2)
    return two_loops(dstates, states, (identity, *forward[1:]), (identity, *backward[1:]))


# network


@right("network")
def layer_after_layer(xs, lengths, layers, residual):
    states = two_runs(xs, lengths, *layers[0])
    for forward, backward in layers[1:]:
        above = two_runs(states, lengths, forward, backward)
        states = states + above if residual else above
    return states, one_by_one(states, lengths)


@right("network")
def as_a_list(xs, lengths, layers, residual):
    outputs = [xs]
    for k, layer in enumerate(layers):
        outputs.append(two_runs(outputs[-1], lengths, *layer))
        if residual and k:
            outputs[-1] = outputs[-1] + outputs[-2]
    return [outputs[-1], split_first(outputs[-1], lengths)]


def deep(xs, lengths, layers, residual, layer=two_runs, last=one_by_one):
    ys = xs
    for k, (forward, backward) in enumerate(layers):
        above = layer(ys, lengths, forward, backward)
        ys = above + ys if residual and k else above
    return ys, last(ys, lengths)


@wrong("network", "the skips are forgotten")
def network_without_skips(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, False)


@wrong("network", "the skips are always there")
def network_with_skips(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, True)


@wrong("network", "residual is turned round")
def network_turned_round(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, not residual)


@wrong("network", "a skip goes around the first layer, too")
def skip_around_the_first(xs, lengths, layers, residual):
    ys = xs
    for forward, backward in layers:
        above = two_runs(ys, lengths, forward, backward)
        ys = above + ys if residual else above
    return ys, one_by_one(ys, lengths)


@wrong("network", "only the highest layer has a skip")
def skip_at_the_top_alone(xs, lengths, layers, residual):
    ys = xs
    for forward, backward in layers:
        below, ys = ys, two_runs(ys, lengths, forward, backward)
    if residual and len(layers) > 1:
        ys = ys + below
    return ys, one_by_one(ys, lengths)


@wrong("network", "the highest layer has no skip")
def no_skip_at_the_top(xs, lengths, layers, residual):
    ys = xs
    for k, (forward, backward) in enumerate(layers):
        above = two_runs(ys, lengths, forward, backward)
        ys = above + ys if residual and 0 < k < len(layers) - 1 else above
    return ys, one_by_one(ys, lengths)


@wrong("network", "the last states are those before the skip")
def last_states_too_early(xs, lengths, layers, residual):
    ys = xs
    for k, (forward, backward) in enumerate(layers):
        below, ys = ys, two_runs(ys, lengths, forward, backward)
        last = one_by_one(ys, lengths)
        if residual and k:
            ys = ys + below
    return ys, last


@wrong("network", "layers share a state")
def states_go_up(xs, lengths, layers, residual):
    ys, starts = xs, [0.0, 0.0]
    rows = np.arange(len(lengths))
    for k, layer in enumerate(layers):
        halves = []
        for d, (W_xh, W_hh, b_h) in enumerate(layer):
            h, states = np.zeros((len(lengths), len(b_h))) + starts[d], []
            for t, x in enumerate(turned_by_index(ys, lengths) if d else ys):
                h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h) * (t < lengths)[:, None]
                states.append(h)
            starts[d] = np.array(states)[lengths - 1, rows]
            halves.append(turned_by_index(np.array(states), lengths) if d else np.array(states))
        above = np.concatenate(halves, axis=2)
        ys = above + ys if residual and k else above
    return ys, one_by_one(ys, lengths)


@wrong("network", "the two directions go up in towers of their own")
def two_towers(xs, lengths, layers, residual):
    right, left = xs, turned_by_index(xs, lengths)
    for forward, backward in layers:
        right = rows_of_states(right, *forward, lengths)
        left = rows_of_states(left, *backward, lengths)
    ys = np.concatenate([right, turned_by_index(left, lengths)], axis=2)
    return ys, one_by_one(ys, lengths)


@wrong("network", "all layers read xs")
def all_layers_read_the_words(xs, lengths, layers, residual):
    ys = two_runs(xs, lengths, *layers[0])
    for layer in layers[1:]:
        above = two_runs(xs, lengths, *layer)
        ys = above + ys if residual else above
    return ys, one_by_one(ys, lengths)


@wrong("network", "the layers come in the wrong order")
def highest_first(xs, lengths, layers, residual):
    return deep(xs, lengths, layers[::-1], residual)


@wrong("network", "all layers have the weights of the first")
def weights_of_the_lowest(xs, lengths, layers, residual):
    return deep(xs, lengths, [layers[0]] * len(layers), residual)


@wrong("network", "only the lowest layer is there")
def one_layer(xs, lengths, layers, residual):
    return deep(xs, lengths, layers[:1], residual)


@wrong("network", "the last states are those of the lowest layer")
def last_states_of_the_lowest(xs, lengths, layers, residual):
    ys, _ = deep(xs, lengths, layers, residual)
    return ys, one_by_one(two_runs(xs, lengths, *layers[0]), lengths)


@wrong("network", "the last states are missing")
def states_alone(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual)[0]


@wrong("network", "the two results are swapped")
def results_swapped(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual)[::-1]


@wrong("network", "the last states are wrong; check last_states first")
def last_row_for_last_states(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, last=last_row_of_both)


@wrong("network", "the last states are wrong; check last_states first")
def backward_at_the_last_word(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, last=last_word_of_both)


@wrong("network", "the backward outputs are not turned back")
def deep_and_not_turned_back(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, layer=outputs_not_turned_back)


@wrong("network", "the padding is reversed into the front")
def deep_and_reversed_as_a_whole(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, layer=reversed_as_a_whole)


@wrong("network", "the directions share weights: both run with those of forward")
def deep_with_forward_twice(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, layer=forward_twice)


@wrong("network", "the states of a layer are wrong already")
def deep_without_masks(xs, lengths, layers, residual):
    return deep(xs, lengths, layers, residual, layer=right_but_for_the_padding)
