"""Each lecture's equations, typed as the lecture has them, with the arrays the bridge gives."""

import numpy as np
import pytest
import torch

from course_utils import notation, recurrent
from course_utils.notation import compare, lookup, table
from course_utils.numpy_rnn import NumpyRNN, numerical_gradient

T, D, H, V = 5, 3, 4, 6


def softmax(a):
    e = np.exp(a)
    return e / e.sum()


def sigma(a):
    return 1 / (1 + np.exp(-a))


def relu(a):
    return np.maximum(a, 0)


def outer_layers(seed=0):
    """A random Linear layer with a bias, and an input and a state to begin with."""
    torch.manual_seed(seed)
    linear = torch.nn.Linear(H, V, dtype=torch.float64)
    return linear, torch.randn(T, D, dtype=torch.float64), torch.randn(1, H, dtype=torch.float64)


def of(lecture, layer, cell):
    """Return a function that gives a symbol's array as NumPy, from the layer it is found in."""

    def array(symbol, source=layer):
        return lookup(lecture, symbol, cell).from_torch(source).numpy()

    return array


def assert_outputs(outputs, linear, states, expected):
    """Compare states and distributions with those of torch."""
    np.testing.assert_allclose(np.array(states), expected.detach(), rtol=1e-10, atol=1e-12)
    theirs = torch.softmax(linear(expected), dim=1).detach()
    np.testing.assert_allclose(np.array(outputs), theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("rnn", "f"),
    [
        (torch.nn.RNN(D, H, bias=False, dtype=torch.float64), np.tanh),
        (recurrent.SRN(D, H, bias=False, nonlinearity="sigmoid", dtype=torch.float64), sigma),
    ],
)
def test_edinburgh(rnn, f):
    linear, x, s0 = outer_layers()
    linear.bias.data.zero_()  # the lecture has no biases
    array = of("Edinburgh", rnn, "srn")
    v, u, w = array("V"), array("U"), array("W", linear)
    s, states, outputs = s0[0].numpy(), [], []
    for x_t in x.numpy():
        net_j = [
            sum(x_t[i] * v[j, i] for i in range(D)) + sum(s[h] * u[j, h] for h in range(H))
            for j in range(H)
        ]
        s = f(np.array(net_j))
        net_k = [sum(s[j] * w[k, j] for j in range(H)) for k in range(V)]
        states.append(s)
        outputs.append(softmax(np.array(net_k)))
    assert_outputs(outputs, linear, states, rnn(x, s0)[0])


def test_darmstadt_simple_network_with_row_vectors():
    rnn = torch.nn.RNN(D, H, nonlinearity="relu", dtype=torch.float64)
    linear, x, h0 = outer_layers()
    array = of("Darmstadt", rnn, "srn")
    U, W, b_h = array("U"), array("W"), array("b_h")
    V_, b_yhat = array("V", linear), array("b_yhat", linear)
    h, states, outputs = h0.numpy(), [], []
    for x_t in x.numpy()[:, None]:  # (1, D)
        h = relu(x_t @ U + h @ W + b_h)
        states.append(h[0])
        outputs.append(softmax(h @ V_ + b_yhat)[0])
    assert_outputs(outputs, linear, states, rnn(x, h0)[0])


def test_darmstadt_lstm():
    lstm = torch.nn.LSTM(D, H, bias=False, dtype=torch.float64)
    _, x, h0 = outer_layers()
    c0 = torch.randn(1, H, dtype=torch.float64)
    array = of("Darmstadt", lstm, "lstm")
    h, c, states = h0.numpy(), c0.numpy(), []
    for x_t in x.numpy()[:, None]:
        i = sigma(x_t @ array("U^(i)") + h @ array("W^(i)"))
        f = sigma(x_t @ array("U^(f)") + h @ array("W^(f)"))
        o = sigma(x_t @ array("U^(o)") + h @ array("W^(o)"))
        c_tilde = np.tanh(x_t @ array("U") + h @ array("W"))
        c = f * c + i * c_tilde
        h = o * np.tanh(c)
        states.append(h[0])
    expected, (_, c_n) = lstm(x, (h0, c0))
    np.testing.assert_allclose(states, expected.detach(), rtol=1e-10)
    np.testing.assert_allclose(c, c_n.detach(), rtol=1e-10)


def test_darmstadt_gru_read_from_left_to_right_is_torchs():
    gru = torch.nn.GRU(D, H, bias=False, dtype=torch.float64)
    _, x, h0 = outer_layers()
    array = of("Darmstadt", gru, "gru")
    h, states = h0.numpy(), []
    for x_t in x.numpy()[:, None]:
        r = sigma(x_t @ array("U^(r)") + h @ array("W^(r)"))
        z = sigma(x_t @ array("U^(z)") + h @ array("W^(z)"))
        h_tilde = np.tanh(x_t @ array("U") + (h @ array("W")) * r)
        h = (1 - z) * h + z * h_tilde
        states.append(h[0])
    np.testing.assert_allclose(states, gru(x, h0)[0].detach(), rtol=1e-10)


def test_mcgill_abstraction():
    rnn = torch.nn.RNN(D, H, dtype=torch.float64)
    linear, x, s0 = outer_layers()
    assert [lookup("McGill", s).course for s in "RO"] == ["srn_step", "output_layer"]
    ours = of("Edinburgh", rnn, "srn")
    model = NumpyRNN(
        ours("V"), ours("U"), ours("W", linear),
        of("CS224N", rnn, "srn")("b_1"), of("CS224N", rnn, "srn")("b_2", linear), "tanh",
    )  # fmt: skip

    def R(s_before, x_i):
        return model.step(x_i, s_before)[0]

    def O(s_i):  # noqa: E743
        return softmax(model.W_hy @ s_i + model.b_y)

    s, states, outputs = s0[0].numpy(), [], []
    for x_i in x.numpy():
        s = R(s, x_i)
        states.append(s)
        outputs.append(O(s))
    assert_outputs(outputs, linear, states, rnn(x, s0)[0])


def test_week_6_simple_network_with_embeddings():
    rnn = torch.nn.RNN(D, H, bias=False, dtype=torch.float64)
    linear, _, h0 = outer_layers()
    linear.bias.data.zero_()
    embedding = torch.nn.Embedding(V, D, dtype=torch.float64)
    array = of("Week 6", rnn, "srn")
    W, U, E, V_ = array("W"), array("U"), array("E", embedding), array("V", linear)
    ids = [4, 0, 5, 5, 1]
    h, states, outputs = h0[0].numpy(), [], []
    for x_t in np.eye(V)[ids]:
        e_t = E @ x_t
        h = np.tanh(U @ h + W @ e_t)
        states.append(h)
        outputs.append(softmax(V_ @ h))
    assert_outputs(outputs, linear, states, rnn(embedding(torch.tensor(ids)), h0)[0])


def test_week_6_lstm():
    lstm = torch.nn.LSTM(D, H, bias=False, dtype=torch.float64)
    _, x, h0 = outer_layers()
    c0 = torch.randn(1, H, dtype=torch.float64)
    array = of("Week 6", lstm, "lstm")
    h, c, states = h0[0].numpy(), c0[0].numpy(), []
    for x_t in x.numpy():
        f = sigma(array("U_f") @ h + array("W_f") @ x_t)
        k = c * f
        g = np.tanh(array("U_g") @ h + array("W_g") @ x_t)
        i = sigma(array("U_i") @ h + array("W_i") @ x_t)
        j = g * i
        c = j + k
        o = sigma(array("U_o") @ h + array("W_o") @ x_t)
        h = o * np.tanh(c)
        states.append(h)
    np.testing.assert_allclose(states, lstm(x, (h0, c0))[0].detach(), rtol=1e-10)


@pytest.mark.parametrize("W_x", ["W_e", "W_x"])
def test_cs224n_simple_network(W_x):
    rnn = recurrent.SRN(D, H, nonlinearity="sigmoid", dtype=torch.float64)
    linear, _, h0 = outer_layers()
    embedding = torch.nn.Embedding(V, D, dtype=torch.float64)
    array = of("CS224N", rnn, "srn")
    U, b_2, E = array("U", linear), array("b_2", linear), array("E", embedding)
    ids = [4, 0, 5, 5, 1]
    h, states, outputs = h0[0].numpy(), [], []
    for x_t in np.eye(V)[ids]:
        h = sigma(array("W_h") @ h + array(W_x) @ (E @ x_t) + array("b_1"))
        states.append(h)
        outputs.append(softmax(U @ h + b_2))
    assert_outputs(outputs, linear, states, rnn(embedding(torch.tensor(ids)), h0)[0])


def test_cs224n_lstm():
    lstm = torch.nn.LSTM(D, H, dtype=torch.float64)
    _, x, h0 = outer_layers()
    c0 = torch.randn(1, H, dtype=torch.float64)
    array = of("CS224N", lstm, "lstm")

    def gate(name, h, x_t):
        return array(f"W_{name}") @ h + array(f"U_{name}") @ x_t + array(f"b_{name}")

    h, c, states = h0[0].numpy(), c0[0].numpy(), []
    for x_t in x.numpy():
        f, i, o = (sigma(gate(name, h, x_t)) for name in "fio")
        c_tilde = np.tanh(gate("c", h, x_t))
        c = f * c + i * c_tilde
        h = o * np.tanh(c)
        states.append(h)
    np.testing.assert_allclose(states, lstm(x, (h0, c0))[0].detach(), rtol=1e-10)


def test_cs224n_gru_resets_before_the_product():
    gru = recurrent.GRU(D, H, reset="before", dtype=torch.float64)
    # Where the matrix is diagonal and the bias inside the reset is zero, before and after agree,
    # so torch itself can be the oracle.
    theirs = torch.nn.GRU(D, H, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_hh_l0[2 * H :] = torch.diag(torch.randn(H, dtype=torch.float64))
        theirs.bias_hh_l0[2 * H :] = 0
    _, x, h0 = outer_layers()
    for layer in (gru, theirs):
        array = of("CS224N", layer, "gru")
        h, states = h0[0].numpy(), []
        for x_t in x.numpy():
            u = sigma(array("W_u") @ h + array("U_u") @ x_t + array("b_u"))
            r = sigma(array("W_r") @ h + array("U_r") @ x_t + array("b_r"))
            h_tilde = np.tanh(array("W_h") @ (r * h) + array("U_h") @ x_t + array("b_h"))
            h = (1 - u) * h + u * h_tilde
            states.append(h)
        np.testing.assert_allclose(states, layer(x, h0)[0].detach(), rtol=1e-10)


@pytest.mark.parametrize("lecture", ["Darmstadt", "CS224N"])
def test_the_lectures_update_gate_is_one_minus_torchs(lecture):
    symbol = {"Darmstadt": "z_t", "CS224N": "u^(t)"}[lecture]
    assert lookup(lecture, symbol).from_course({"z": 0.25}) == 0.75
    # so the weights of one are those of the other with the sign changed
    a = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(1 - sigma(a), sigma(-a))


def test_edinburghs_delta_points_down_the_loss():
    model = NumpyRNN.random(V, H, seed=1)
    inputs, targets = [1, 3, 2], [3, 2, 5]
    deltas = lookup("Edinburgh", "delta_pj(t)").from_course(
        {"delta": model.bptt(inputs, targets).deltas}
    )
    # adding a little of it to what goes into every step lowers the loss
    at = model.loss(inputs, targets)
    model.b_h += 1e-3 * deltas.sum(axis=0)
    assert model.loss(inputs, targets) < at
    gradient = numerical_gradient(lambda: model.loss(inputs, targets), model.b_h)
    assert gradient @ deltas.sum(axis=0) < 0


def test_every_parameter_of_every_lecture_has_the_shape_it_promises():
    sources = {
        "srn": torch.nn.RNN(D, H),
        "lstm": torch.nn.LSTM(D, H),
        "gru": torch.nn.GRU(D, H),
        torch.nn.Linear: torch.nn.Linear(H, V),
        torch.nn.Embedding: torch.nn.Embedding(V, D),
    }
    sizes = {"D": D, "H": H, "V": V}
    parameters = [s for s in notation._symbols(None, None) if s.is_parameter]
    assert len(parameters) > 60
    for symbol in parameters:
        array = symbol.from_torch(sources.get(symbol.layer, sources[symbol.cell]))
        promised = symbol.meaning.rsplit("(", 1)[1].rstrip(")").replace(" ", "").split(",")
        shape = tuple(sizes[letter] for letter in promised if letter)
        assert array.shape == (shape[::-1] if symbol.course.endswith(".T") else shape), symbol


def test_each_gate_has_rows_of_its_own():
    for cell, gates in notation.GATES.items():
        layer = notation.CELLS[cell](D, H)
        names = [f"W_x{gate}" for gate in gates]
        rows = [notation.Symbol("", cell, "", name).from_torch(layer) for name in names]
        torch.testing.assert_close(torch.cat(rows), layer.weight_ih_l0.detach())


def test_a_layer_without_biases_has_zeros():
    gru = torch.nn.GRU(D, H, bias=False, dtype=torch.float64)
    bias = lookup("CS224N", "b_u").from_torch(gru)
    assert bias.dtype == torch.float64 and bias.shape == (H,) and not bias.any()
    linear = torch.nn.Linear(H, V, bias=False)
    assert lookup("CS224N", "b_2").from_torch(linear).shape == (V,)


def test_the_numpy_models_parameters_translate_too():
    model = NumpyRNN.random(V, H, seed=0)
    U = lookup("Darmstadt", "U", cell="srn").from_course(model.parameters)
    np.testing.assert_array_equal(U, model.W_xh.T)
    with pytest.raises(KeyError, match="W_xz is not among the values"):
        lookup("Darmstadt", "U^(z)").from_course(model.parameters)


def test_symbols_may_be_written_as_in_tex():
    assert lookup("cs224n", r"\tilde{\mathbf{h}}^{(t)}").course == "n"
    assert lookup("CS224N", r"$\hat{\mathbf{y}}^{(t)}$").course == "y"
    assert lookup("DARMSTADT", "U^{(f)}") == lookup("Darmstadt", "U^(f)")
    assert lookup("week6", r"\mathbf{W}_f").course == "W_xf"
    assert lookup("Edinburgh", r"\text{net}_j(t)").course == "net_h"
    # h_t is the state in all three cells of the lecture: nothing to choose
    assert lookup("Darmstadt", "h_t").course == "h"


def test_errors_name_near_symbols_and_the_choices():
    with pytest.raises(ValueError, match="'Oxford' is unknown; take one of Edinburgh, Darmstadt"):
        lookup("Oxford", "U")
    with pytest.raises(ValueError, match="CS224N has no symbol 'Wf'; did you mean W_f"):
        lookup("CS224N", "Wf")
    with pytest.raises(ValueError, match=r"Edinburgh has no symbol 'u'; did you mean U, "):
        lookup("Edinburgh", "u")
    with pytest.raises(ValueError, match=r"in its equations of the GRU; did you mean .*h_t"):
        lookup("Darmstadt", "h(t)", cell="gru")
    with pytest.raises(ValueError, match="no symbol 'Q'; known are R, O, s_i, x_i, y_i"):
        lookup("McGill", "Q")
    with pytest.raises(ValueError, match=r"say which: cell='srn': W_xh.T; cell='lstm': W_xg.T"):
        lookup("Darmstadt", "U")
    with pytest.raises(ValueError, match="cell 'rnn' is unknown; take one of srn, lstm, gru"):
        lookup("Darmstadt", "U", cell="rnn")
    with pytest.raises(TypeError, match=r"U \(W_hy\) is found in a torch.nn.Linear, got RNN"):
        lookup("CS224N", "U").from_torch(torch.nn.RNN(D, H))
    with pytest.raises(TypeError, match="s_i is no parameter but the state after a step"):
        lookup("McGill", "s_i").from_torch(torch.nn.RNN(D, H))


def test_tables_hold_every_symbol():
    everything = table()
    assert list(everything.columns) == ["lecture", "cell", "symbol", "course", "torch", "meaning"]
    assert set(everything.lecture) == set(notation.LECTURES)
    assert len(table("Darmstadt", "gru")) == 11
    row = table("Edinburgh").set_index("symbol").loc["u_jh"]
    assert (row.course, row.torch) == ("W_hh", "weight_hh_l0")
    wide = compare("srn")
    assert list(wide.loc["W_hh"]) == ["U, u_jh", "W", "", "U", "W_h"]
    assert list(wide.index[:5]) == ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]
    assert list(compare("gru").columns) == ["Darmstadt", "CS224N"]
