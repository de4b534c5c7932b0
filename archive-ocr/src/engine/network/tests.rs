use super::format::{Graph, INTS, ValueInfo};
use super::*;

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn node(operator: &str, inputs: &[&str], output: &str) -> Node {
    Node::new(operator, texts(inputs), output.to_owned())
}

fn constant(name: &str, dimensions: &[i64], values: &[f32]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        element: ELEMENT_FLOAT,
        dimensions: dimensions.to_vec(),
        floats: values.to_vec(),
        ..Tensor::default()
    }
}

/// A file whose graph makes `y` of `x`.
fn file(nodes: Vec<Node>, constants: Vec<Tensor>) -> Vec<u8> {
    let value = |name: &str| vec![ValueInfo { name: name.to_owned(), kind: Vec::new() }];
    let graph = Graph { nodes, constants, inputs: value("x"), outputs: value("y"), ..Graph::default() };
    Model { ir_version: 8, graph: Some(graph), ..Model::default() }.encode_to_vec()
}

fn operators(network: &Network) -> Vec<&str> {
    network.nodes.iter().map(|n| n.operator.as_str()).collect()
}

fn simplified(nodes: Vec<Node>, constants: Vec<Tensor>) -> Network {
    let mut network = Network::parse(&file(nodes, constants)).unwrap();
    network.simplify();
    network
}

#[test]
fn names_of_a_value_and_nodes_without_input_go() {
    let value = Attribute {
        name: "value".to_owned(),
        tensor: Some(constant("", &[], &[2.0])),
        ..Attribute::default()
    };
    let nodes = vec![
        node("Constant", &[], "two").with(value),
        node("Identity", &["x"], "same"),
        node("Mul", &["same", "two"], "y"),
    ];
    let network = Network::parse(&file(nodes, Vec::new())).unwrap();
    assert_eq!(network.nodes, [node("Mul", &["x", "two"], "y")]);
    let again = Network::parse(&network.into_bytes()).unwrap();
    assert_eq!(again.floats("two").unwrap(), (vec![2.0], &[][..]));
}

#[test]
fn an_activation_in_four_operations_becomes_one_in_two() {
    let nodes = |six: &str| {
        vec![
            node("Add", &["x", "three"], "sum"),
            node("Clip", &["sum", "zero", "six"], "clip"),
            node("Mul", &["x", "clip"], "product"),
            node("Div", &["product", six], "y"),
        ]
    };
    let constants = [("zero", 0.0), ("two", 2.0), ("three", 3.0), ("six", 6.0)];
    let constants: Vec<Tensor> = constants.map(|(name, value)| constant(name, &[], &[value])).into();
    let network = simplified(nodes("six"), constants.clone());
    assert_eq!(operators(&network), ["HardSigmoid", "Mul"]);
    assert_eq!(network.nodes[1].outputs, ["y"]);
    // Another divisor is another function.
    assert_eq!(simplified(nodes("two"), constants.clone()).nodes.len(), 4);
    // A value that is used elsewhere, too, has to be made.
    let mut used = nodes("six");
    used.push(node("Relu", &["clip"], "z"));
    assert_eq!(simplified(used, constants).nodes.len(), 5);
}

#[test]
fn factors_and_sums_become_part_of_the_convolution() {
    let nodes = vec![
        node("Conv", &["x", "weights"], "a"),
        node("Mul", &["factor", "a"], "b"),
        node("Add", &["b", "sums"], "c"),
        node("Add", &["c", "x"], "y"),
    ];
    let constants = vec![
        constant("weights", &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]),
        constant("factor", &[1], &[10.0]),
        constant("sums", &[1, 2, 1, 1], &[5.0, 6.0]),
    ];
    let network = simplified(nodes, constants);
    assert_eq!(operators(&network), ["Conv", "Add"]);
    let [_, weights, bias] = &network.nodes[0].inputs[..] else { panic!("{:?}", network.nodes) };
    assert_eq!(network.floats(weights).unwrap(), (vec![10.0, 20.0, 30.0, 40.0], &[2, 2, 1, 1][..]));
    assert_eq!(network.floats(bias).unwrap().0, [5.0, 6.0]);
}

/// Weights of 128 inputs and as many outputs, each output's of another size.
fn weights() -> Vec<f32> {
    (0..128 * 128).map(|i| ((i * 37 % 101) as f32 - 50.0) * (1 + i / 128) as f32).collect()
}

#[test]
fn a_large_layer_works_in_eight_bits() {
    let convolution = vec![node("Conv", &["x", "weights"], "y")];
    let constants = vec![constant("weights", &[128, 128, 1, 1], &weights())];
    let mut network = Network::parse(&file(convolution, constants)).unwrap();
    assert_eq!(network.quantise(), 1);
    assert_eq!(operators(&network), ["Transpose", "DynamicQuantizeMatMul", "Transpose"]);
    assert_eq!(network.nodes[2].outputs, ["y"]);
    let codes = &network.constants[&network.nodes[1].inputs[1]];
    assert_eq!((codes.dimensions.as_slice(), codes.raw.len()), (&[128, 128][..], 128 * 128));
    let scales = network.floats(&network.nodes[1].inputs[2]).unwrap().0;
    for (at, weight) in weights().into_iter().enumerate() {
        // The columns are outputs now.
        let (output, input) = (at / 128, at % 128);
        let back = f32::from(codes.raw[input * 128 + output] as i8) * scales[output];
        assert!((back - weight).abs() <= scales[output] * 0.501, "{at}: {back} {weight}");
    }
}

#[test]
fn what_gains_nothing_by_eight_bits_stays() {
    let large = || vec![constant("weights", &[128, 128, 1, 1], &weights())];
    let strides = Attribute { kind: INTS, ..Attribute::ints("strides", &[2, 1]) };
    let cases = [
        // A mean over all pixels, directly or after an activation.
        (vec![node("GlobalAveragePool", &["x"], "m"), node("Conv", &["m", "weights"], "y")], large()),
        (
            vec![
                node("ReduceMean", &["x"], "m"),
                node("Relu", &["m"], "r"),
                node("Conv", &["r", "weights"], "y"),
            ],
            large(),
        ),
        // Not each pixel by itself.
        (vec![node("Conv", &["x", "weights"], "y").with(strides)], large()),
        (vec![node("Conv", &["x", "weights"], "y")], vec![constant("weights", &[16, 16, 1, 1], &[1.0; 256])]),
        (vec![node("Conv", &["x", "unknown"], "y")], Vec::new()),
    ];
    for (nodes, constants) in cases {
        let mut network = Network::parse(&file(nodes.clone(), constants)).unwrap();
        assert_eq!((network.quantise(), &network.nodes), (0, &nodes));
    }
}

#[test]
fn what_is_not_understood_is_declined() {
    let branch = Attribute { graph: Some(Vec::new()), ..Attribute::default() };
    assert!(Network::parse(&file(vec![node("If", &["x"], "y").with(branch)], Vec::new())).is_none());
    let elsewhere = Tensor { elsewhere: vec![Vec::new()], ..constant("w", &[1], &[1.0]) };
    assert!(Network::parse(&file(Vec::new(), vec![elsewhere])).is_none());
    assert!(Network::parse(b"no model").is_none());
    let whole = file(vec![node("Conv", &["x", "w"], "y")], vec![constant("w", &[2, -1, 1, 1], &[1.0])]);
    for length in 0..whole.len() {
        if let Some(mut network) = Network::parse(&whole[..length]) {
            network.simplify();
            network.quantise();
        }
    }
}

#[test]
fn circles_end() {
    let constants =
        || vec![constant("weights", &[128, 128, 1, 1], &weights()), constant("one", &[1], &[1.0])];
    let nodes = vec![
        node("Mul", &["a", "one"], "a"),
        node("Conv", &["a", "weights"], "b"),
        node("Mul", &["b", "one"], "b"),
        node("Relu", &["c"], "d"),
        node("Relu", &["d"], "c"),
        node("Conv", &["d", "weights"], "y"),
    ];
    let mut network = simplified(nodes, constants());
    network.quantise();
    assert!(!network.nodes.is_empty());
}

fn attributed(operator: &str, inputs: &[&str], output: &str, ints: &[(&str, &[i64])]) -> Node {
    let attribute = |(name, values): &(&str, &[i64])| Attribute::ints(name, values);
    ints.iter().map(attribute).fold(node(operator, inputs, output), Node::with)
}

fn scalars(values: &[(&str, f32)]) -> Vec<Tensor> {
    values.iter().map(|(name, value)| constant(name, &[], &[*value])).collect()
}

#[test]
fn a_gaussian_error_unit_becomes_one_operation() {
    let nodes = |one: &str| {
        vec![
            node("Div", &["x", "root"], "a"),
            node("Erf", &["a"], "b"),
            node("Add", &["b", one], "c"),
            node("Mul", &["x", "c"], "d"),
            node("Mul", &["d", "half"], "y"),
        ]
    };
    let constants = || scalars(&[("root", std::f32::consts::SQRT_2), ("one", 1.0), ("half", 0.5)]);
    let network = simplified(nodes("one"), constants());
    assert_eq!(operators(&network), ["Gelu"]);
    assert_eq!(
        (&network.nodes[0].inputs[..], &network.nodes[0].outputs[..]),
        (&texts(&["x"])[..], &texts(&["y"])[..])
    );
    assert_eq!(network.nodes[0].domain, RUNTIME);
    assert!(network.rest.operator_sets.iter().any(|set| set.domain == RUNTIME));
    assert_eq!(simplified(nodes("half"), constants()).nodes.len(), 5);
}

#[test]
fn what_comes_before_convolutions_becomes_part_of_them() {
    // Two channels in two groups, then both together; the first of the latter pads.
    let nodes = vec![
        node("Mul", &["factor", "x"], "a"),
        node("Add", &["a", "sum"], "b"),
        attributed("Conv", &["b", "own", "bias"], "c", &[]).with(Attribute::int("group", 2)),
        attributed("Conv", &["b", "both"], "d", &[("pads", &[1, 1, 1, 1])]),
        node("Conv", &["b", "both"], "e"),
        node("Concat", &["c", "d", "e"], "y"),
    ];
    let constants = vec![
        constant("factor", &[1], &[10.0]),
        constant("sum", &[1, 2, 1, 1], &[1.0, 2.0]),
        constant("own", &[2, 1, 1, 2], &[1.0, 2.0, 3.0, 4.0]),
        constant("bias", &[2], &[100.0, 200.0]),
        constant("both", &[1, 2, 1, 1], &[5.0, 6.0]),
    ];
    let network = simplified(nodes, constants);
    assert_eq!(operators(&network), ["BatchNormalization", "Conv", "Conv", "Conv", "Concat"]);
    let values = |node: usize, input: usize| network.floats(&network.nodes[node].inputs[input]).unwrap().0;
    // Where an edge is added, one operation is left: ten times x, and the sum.
    assert_eq!(
        (network.nodes[0].inputs[0].as_str(), &network.nodes[2].inputs),
        ("x", &texts(&["b", "both"]))
    );
    assert_eq!((values(0, 1), values(0, 2)), (vec![10.0, 10.0], vec![1.0, 2.0]));
    assert_eq!((values(0, 3), values(0, 4)), (vec![0.0, 0.0], vec![1.0, 1.0]));
    assert_eq!(network.nodes[1].inputs[0], "x");
    assert_eq!((values(1, 1), values(1, 2)), (vec![10.0, 20.0, 30.0, 40.0], vec![103.0, 214.0]));
    assert_eq!(network.nodes[3].inputs[0], "x");
    assert_eq!((values(3, 1), values(3, 2)), (vec![50.0, 60.0], vec![17.0]));
}

#[test]
fn what_others_take_too_stays_before_convolutions() {
    let constants = || vec![constant("one", &[1], &[1.0]), constant("weights", &[1, 1, 1, 1], &[2.0])];
    let nodes = vec![
        node("Add", &["x", "one"], "a"),
        node("Conv", &["a", "weights"], "b"),
        node("Relu", &["a"], "c"),
        node("Concat", &["b", "c"], "y"),
    ];
    assert_eq!(simplified(nodes.clone(), constants()).nodes, nodes);
    // One operation before a convolution that pads would become one.
    let padded = vec![
        node("Add", &["x", "one"], "a"),
        attributed("Conv", &["a", "weights"], "y", &[("pads", &[1, 1, 1, 1])]),
    ];
    assert_eq!(simplified(padded.clone(), constants()).nodes, padded);
}

/// `x` made of 2 channels by a convolution, its gate, and `end`.
fn gate(outputs: i64, end: Vec<Node>) -> Network {
    let mut nodes = vec![
        node("Relu", &["x"], "input"),
        node("Conv", &["input", "weights"], "a"),
        attributed("ReduceMean", &["a"], "mean", &[("axes", &[2, 3])]),
        node("Sigmoid", &["mean"], "gate"),
    ];
    nodes.extend(end);
    let values: Vec<f32> = (0..outputs * 2).map(|i| i as f32).collect();
    simplified(nodes, vec![constant("weights", &[outputs, 2, 1, 1], &values)])
}

#[test]
fn a_gate_beside_its_input_becomes_one_product() {
    let end = vec![node("Mul", &["a", "gate"], "b"), node("Add", &["a", "b"], "y")];
    let network = gate(3, end);
    assert_eq!(operators(&network), ["Relu", "Conv", "GlobalAveragePool", "Sigmoid", "Add", "Mul"]);
    let [.., sum, product] = &network.nodes[..] else { panic!("{:?}", network.nodes) };
    assert_eq!((sum.inputs[0].as_str(), network.scalar(&sum.inputs[1])), ("gate", Some(1.0)));
    assert_eq!(
        (product.inputs[0].as_str(), &product.inputs[1], product.outputs[0].as_str()),
        ("a", &sum.outputs[0], "y")
    );
}

#[test]
fn a_gate_of_few_channels_is_worked_on_weights() {
    let network = gate(4, vec![node("Mul", &["gate", "a"], "y")]);
    let expected = ["Relu", "GlobalAveragePool", "Conv", "Sigmoid", "Transpose", "Mul", "Conv"];
    assert_eq!(operators(&network), expected);
    let input = |at: usize, input: usize| network.nodes[at].inputs[input].as_str();
    assert_eq!((input(1, 0), input(2, 1), input(4, 0), input(5, 0)), ("input", "weights", "gate", "weights"));
    assert_eq!((input(6, 0), input(6, 1)), ("input", network.nodes[5].outputs[0].as_str()));
    assert_eq!(network.nodes[6].outputs, ["y"]);
    // What else takes it needs it whole.
    let end = vec![node("Mul", &["gate", "a"], "b"), node("Concat", &["a", "b"], "y")];
    assert_eq!(operators(&gate(4, end)), ["Relu", "Conv", "GlobalAveragePool", "Sigmoid", "Mul", "Concat"]);
}

#[test]
fn enlargements_spread_their_pixels_once() {
    let doubled = |name: &str, input: &str, weights: &str| {
        attributed("ConvTranspose", &[input, weights], name, &[("strides", &[2, 2]), ("pads", &[0; 4])])
    };
    let nodes = vec![
        doubled("a", "x", "first"),
        node("Add", &["a", "bias"], "b"),
        node("BatchNormalization", &["b", "factors", "sums", "means", "variances"], "c")
            .with(Attribute::float("epsilon", 0.0)),
        node("Relu", &["c"], "d"),
        doubled("e", "d", "second"),
        node("Sigmoid", &["e"], "y"),
    ];
    // One channel becomes two, and these one.
    let constants = vec![
        constant("first", &[1, 2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
        constant("bias", &[1, 2, 1, 1], &[1.0, 2.0]),
        constant("factors", &[2], &[2.0, 3.0]),
        constant("sums", &[2], &[10.0, 20.0]),
        constant("means", &[2], &[1.0, 2.0]),
        constant("variances", &[2], &[1.0, 4.0]),
        constant("second", &[2, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0]),
    ];
    let network = simplified(nodes, constants);
    assert_eq!(operators(&network), ["Conv", "Relu", "Conv", "Sigmoid", "DepthToSpace"]);
    assert_eq!(network.nodes[4].attribute("blocksize").unwrap().int, 4);
    assert_eq!((network.nodes[0].inputs[0].as_str(), network.nodes[4].outputs[0].as_str()), ("x", "y"));
    // Of a pixel of one: each layer a matrix times what comes before.
    let layer = |at: usize, values: &[f32]| -> Vec<f32> {
        let (weights, _) = network.floats(&network.nodes[at].inputs[1]).unwrap();
        let (bias, _) = network.floats(&network.nodes[at].inputs[2]).unwrap();
        let row = |row: &[f32]| row.iter().zip(values).map(|(w, v)| w * v).sum::<f32>();
        weights.chunks(values.len()).zip(bias).map(|(weights, bias)| row(weights) + bias).collect()
    };
    let found = layer(2, &layer(0, &[1.0]));
    for (at, found) in found.into_iter().enumerate() {
        let (y, x) = (at / 4, at % 4);
        let (outer, inner) = ((y / 2 * 2 + x / 2) as f32, (y % 2 * 2 + x % 2) as f32);
        // 2 (w + 1 - 1) + 10 and 3/2 (w + 2 - 2) + 20, times the second weights.
        let (first, second) = (2.0 * (1.0 + outer) + 10.0, 1.5 * (5.0 + outer) + 20.0);
        let expected = (1.0 + inner) * first + 10.0 * (1.0 + inner) * second;
        assert!((found - expected).abs() < 1e-3, "{y}, {x}: {found} instead of {expected}");
    }
}

#[test]
fn squares_that_overlap_stay() {
    let weights = || vec![constant("weights", &[1, 1, 2, 2], &[1.0; 4])];
    for ints in [&[("strides", &[1_i64, 1][..])][..], &[("strides", &[2, 2]), ("pads", &[1, 1, 1, 1])]] {
        let nodes = vec![attributed("ConvTranspose", &["x", "weights"], "y", ints)];
        assert_eq!(simplified(nodes.clone(), weights()).nodes, nodes);
    }
    // Beyond the limit of weights the second stays as it is.
    let doubled = |name: &str, input: &str| {
        attributed("ConvTranspose", &[input, "weights"], name, &[("strides", &[2, 2])])
    };
    let large = vec![constant("weights", &[32, 32, 2, 2], &[1.0; 4096])];
    let network = simplified(vec![doubled("a", "x"), doubled("y", "a")], large);
    assert_eq!(operators(&network), ["Conv", "DepthToSpace", "Conv", "DepthToSpace"]);
}

#[test]
fn what_lies_between_large_layers_keeps_its_channels_last() {
    // A gate, then two layers beside what goes into them.
    let nodes = vec![
        node("Conv", &["x", "each"], "a"),
        node("GlobalAveragePool", &["a"], "mean"),
        node("HardSigmoid", &["mean"], "gate"),
        node("Mul", &["a", "gate"], "b"),
        node("Conv", &["b", "weights"], "c"),
        node("Relu", &["c"], "d"),
        node("Conv", &["d", "weights"], "e"),
        node("Add", &["b", "e"], "f"),
        node("Conv", &["f", "each"], "y"),
    ];
    let constants =
        vec![constant("weights", &[128, 128, 1, 1], &weights()), constant("each", &[1, 1, 3, 3], &[1.0; 9])];
    let mut network = Network::parse(&file(nodes, constants)).unwrap();
    assert_eq!(network.quantise(), 2);
    let expected = [
        "Conv",
        "GlobalAveragePool",
        "HardSigmoid",
        "Transpose",
        "Transpose",
        "Mul",
        "DynamicQuantizeMatMul",
        "Relu",
        "DynamicQuantizeMatMul",
        "Add",
        "Transpose",
        "Conv",
    ];
    assert_eq!(operators(&network), expected);
    let last = &network.nodes[11];
    assert_eq!((last.inputs[0].as_str(), last.outputs[0].as_str()), ("f", "y"));
    let [product, sum] = [5, 9].map(|at: usize| &network.nodes[at]);
    assert!(sum.inputs.contains(&product.outputs[0]) && sum.inputs.contains(&network.nodes[8].outputs[0]));
}

#[test]
fn nodes_without_outputs_change_nothing() {
    let silent = |operator: &str, inputs: &[&str]| Node { outputs: Vec::new(), ..node(operator, inputs, "") };
    let constants = || {
        let mut all = scalars(&[("root", std::f32::consts::SQRT_2), ("one", 1.0), ("half", 0.5)]);
        all.push(constant("weights", &[4, 2, 1, 1], &[1.0; 8]));
        all
    };
    let gate = || {
        vec![
            node("Conv", &["x", "weights"], "a"),
            node("GlobalAveragePool", &["a"], "m"),
            node("Mul", &["a", "m"], "b"),
        ]
    };
    let unit = || {
        vec![
            node("Div", &["x", "root"], "p"),
            node("Erf", &["p"], "q"),
            node("Add", &["q", "one"], "r"),
            node("Mul", &["x", "r"], "s"),
        ]
    };
    let cases = [
        [gate(), vec![silent("Add", &["a", "b"])]].concat(),
        [gate()[..2].to_vec(), vec![silent("Mul", &["a", "m"])]].concat(),
        [unit(), vec![silent("Mul", &["s", "half"])]].concat(),
        vec![node("Mul", &["x", "half"], "a"), silent("Conv", &["a", "weights"])],
        vec![node("Conv", &["x", "weights"], "a"), silent("Mul", &["a", "half"])],
    ];
    for nodes in cases {
        assert_eq!(simplified(nodes.clone(), constants()).nodes, nodes);
    }
}

#[test]
fn a_mean_of_other_dimensions_keeps_its_name() {
    for (weights, axes) in [(vec![4, 2, 1, 1], [-2, -1]), (vec![4, 2, 1, 1, 1], [2, 3])] {
        let nodes = vec![
            node("Conv", &["x", "weights"], "a"),
            attributed("ReduceMean", &["a"], "y", &[("axes", &axes)]),
        ];
        let weights = vec![constant("weights", &weights, &[1.0; 8])];
        assert_eq!(simplified(nodes.clone(), weights).nodes, nodes);
    }
}
