//! A model's graph, rewritten before the engine loads it, so that the engine does less work.
//!
//! [`Network::simplify`] changes how a value is computed and not what it is; [`Network::quantise`]
//! changes the arithmetic. Both work on any model of convolutions; a model that they do not
//! understand in full is left as it is.

mod format;
mod int8;
mod simplified;

use std::collections::{HashMap, HashSet};

use prost::Message;

use self::format::{Attribute, ELEMENT_FLOAT, Model, Node, Tensor};

/// A model whose graph can be rewritten.
#[derive(Debug, Clone)]
pub(super) struct Network {
    nodes: Vec<Node>,
    constants: HashMap<String, Tensor>,
    /// What leaves the graph.
    outputs: HashSet<String>,
    /// The model without what stands above.
    rest: Model,
}

impl Network {
    /// The network of an ONNX file; `None` where it is no such file, or has parts that a rewriting
    /// would have to know: graphs within nodes, functions, constants in other files.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Model::decode(bytes).ok()?;
        let graph = rest.graph.as_mut()?;
        let has_own_graph =
            |a: &Attribute| a.graph.is_some() || !a.graphs.is_empty() || !a.reference.is_empty();
        if !rest.functions.is_empty()
            || !graph.sparse_constants.is_empty()
            || graph.nodes.iter().any(|n| n.attributes.iter().any(has_own_graph))
            || graph.constants.iter().any(|c| !c.elsewhere.is_empty())
        {
            return None;
        }
        let nodes = std::mem::take(&mut graph.nodes);
        let constants = std::mem::take(&mut graph.constants);
        let outputs = graph.outputs.iter().map(|o| o.name.clone()).collect();
        let constants = constants.into_iter().map(|c| (c.name.clone(), c)).collect();
        // Old files name their constants as inputs, too, which then could be replaced from outside.
        let mut network = Self { nodes, constants, outputs, rest };
        let constants = &network.constants;
        if let Some(graph) = &mut network.rest.graph {
            graph.inputs.retain(|input| !constants.contains_key(&input.name));
        }
        network.absorb_constants();
        Some(network)
    }

    /// The file again.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let Self { nodes, mut constants, mut rest, .. } = self;
        let used: HashSet<&String> = nodes.iter().flat_map(|n| &n.inputs).collect();
        constants.retain(|name, _| used.contains(name));
        if let Some(graph) = &mut rest.graph {
            graph.constants = constants.into_values().collect();
            graph.constants.sort_by(|a, b| a.name.cmp(&b.name));
            graph.nodes = nodes;
        }
        rest.encode_to_vec()
    }

    /// Makes nodes that give a constant, or their input, names of it.
    fn absorb_constants(&mut self) {
        let mut others: HashMap<String, String> = HashMap::new();
        for mut node in std::mem::take(&mut self.nodes) {
            for input in &mut node.inputs {
                if let Some(other) = others.get(input) {
                    input.clone_from(other);
                }
            }
            match (node.operator.as_str(), &node.outputs[..]) {
                ("Identity", [output]) if !self.outputs.contains(output) && node.inputs.len() == 1 => {
                    others.insert(output.clone(), node.inputs.swap_remove(0));
                }
                ("Constant", [output]) if !self.outputs.contains(output) => match &mut node.attributes[..] {
                    [Attribute { name, tensor: Some(tensor), .. }]
                        if name == "value" && tensor.elsewhere.is_empty() =>
                    {
                        let tensor = Tensor { name: output.clone(), ..std::mem::take(tensor) };
                        self.constants.insert(output.clone(), tensor);
                    }
                    _ => self.nodes.push(node),
                },
                _ => self.nodes.push(node),
            }
        }
    }

    /// For each value the nodes that take it, once for each time.
    fn users(&self) -> HashMap<&str, Vec<usize>> {
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                users.entry(input).or_default().push(at);
            }
        }
        users
    }

    /// The node that alone takes the value that another gives.
    fn only_user(&self, users: &HashMap<&str, Vec<usize>>, node: &Node) -> Option<usize> {
        match (&node.outputs[..], users.get(node.outputs.first()?.as_str())?.as_slice()) {
            ([output], [user]) if !self.outputs.contains(output) => Some(*user),
            _ => None,
        }
    }

    /// A constant's elements, where they are floating-point numbers, and its dimensions.
    fn floats(&self, name: &str) -> Option<(Vec<f32>, &[i64])> {
        let tensor = self.constants.get(name)?;
        if tensor.element != ELEMENT_FLOAT {
            return None;
        }
        let values: Vec<f32> = if tensor.raw.is_empty() {
            tensor.floats.clone()
        } else {
            tensor.raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
        };
        let count = tensor.dimensions.iter().try_fold(1_i64, |product, d| product.checked_mul(*d))?;
        (usize::try_from(count) == Ok(values.len())).then_some((values, &tensor.dimensions))
    }

    fn add_floats(&mut self, name: String, values: &[f32], dimensions: Vec<i64>) -> String {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.add_constant(name, raw, ELEMENT_FLOAT, dimensions)
    }

    fn add_constant(&mut self, name: String, raw: Vec<u8>, element: i32, dimensions: Vec<i64>) -> String {
        let tensor = Tensor { name: name.clone(), raw, element, dimensions, ..Tensor::default() };
        self.constants.insert(name.clone(), tensor);
        name
    }

    fn retain_nodes(&mut self, dead: &HashSet<usize>) {
        let mut at = 0..;
        self.nodes.retain(|_| !at.next().is_some_and(|at| dead.contains(&at)));
    }
}

impl Node {
    fn new(operator: &str, inputs: Vec<String>, output: String) -> Self {
        Self { operator: operator.to_owned(), inputs, outputs: vec![output], ..Self::default() }
    }

    fn with(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The whole numbers of an attribute; empty where it is left out.
    fn ints(&self, name: &str) -> &[i64] {
        self.attribute(name).map_or(&[], |a| &a.ints)
    }
}

impl Attribute {
    fn float(name: &str, float: f32) -> Self {
        Self { name: name.to_owned(), float, kind: format::FLOAT, ..Self::default() }
    }

    fn ints(name: &str, ints: &[i64]) -> Self {
        Self { name: name.to_owned(), ints: ints.to_vec(), kind: format::INTS, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
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
            (
                vec![node("Conv", &["x", "weights"], "y")],
                vec![constant("weights", &[16, 16, 1, 1], &[1.0; 256])],
            ),
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
}
