//! A model's graph, rewritten before the engine loads it, so that the engine does less work.
//!
//! [`Network::simplify`] changes how a value is computed and not what it is; [`Network::quantise`]
//! changes the arithmetic. Both work on any model of convolutions; a model that they do not
//! understand in full is left as it is.

mod absorbed;
mod activations;
mod channels_last;
mod enlarged;
mod format;
mod gates;
mod int8;
mod simplified;

use std::collections::{HashMap, HashSet};

use prost::Message;

use self::format::{Attribute, ELEMENT_FLOAT, Model, Node, OperatorSet, Tensor};

/// The domain of ONNX Runtime's own operators.
const RUNTIME: &str = "com.microsoft";

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

    /// The node that makes a value.
    fn maker(&self, value: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.outputs.iter().any(|output| output == value))
    }

    /// What a convolution adds to each of its outputs, zeros where it says nothing; `None` where that is
    /// computed, or does not fit.
    fn bias(&self, node: &Node, outputs: usize) -> Option<Vec<f32>> {
        match node.inputs.get(2).filter(|name| !name.is_empty()) {
            None => Some(vec![0.0; outputs]),
            Some(name) => self.floats(name).map(|(bias, _)| bias).filter(|bias| bias.len() == outputs),
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

    /// A node with one of the engine's own operators.
    fn runtime_node(&mut self, operator: &str, inputs: Vec<String>, output: String) -> Node {
        let sets = &mut self.rest.operator_sets;
        if sets.iter().all(|set| set.domain != RUNTIME) {
            sets.push(OperatorSet { domain: RUNTIME.to_owned(), version: 1 });
        }
        Node { domain: RUNTIME.to_owned(), ..Node::new(operator, inputs, output) }
    }

    fn retain_nodes(&mut self, dead: &HashSet<usize>) {
        self.replace_nodes(HashMap::new(), dead);
    }

    /// Takes nodes out, and puts others before the places named.
    fn replace_nodes(&mut self, mut before: HashMap<usize, Vec<Node>>, dead: &HashSet<usize>) {
        for (at, node) in std::mem::take(&mut self.nodes).into_iter().enumerate() {
            self.nodes.extend(before.remove(&at).unwrap_or_default());
            if !dead.contains(&at) {
                self.nodes.push(node);
            }
        }
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

    /// Into how many groups a convolution parts its channels; `None` for a number that makes no sense.
    fn groups(&self) -> Option<usize> {
        let groups = self.attribute("group").map_or(1, |a| a.int);
        usize::try_from(groups).ok().filter(|groups| *groups > 0)
    }

    /// Whether a convolution with a kernel of one pixel takes every pixel, mixes all channels and adds
    /// no edge.
    fn is_of_each_pixel(&self) -> bool {
        self.groups() == Some(1)
            && self.ints("strides").iter().all(|s| *s == 1)
            && self.ints("pads").iter().all(|p| *p == 0)
            && self.pads_as_told()
    }

    /// Whether a convolution's edge is what `pads` says, and not made to fit.
    fn pads_as_told(&self) -> bool {
        self.attribute("auto_pad").is_none_or(|a| a.text == b"NOTSET")
    }
}

impl Attribute {
    fn float(name: &str, float: f32) -> Self {
        Self { name: name.to_owned(), float, kind: format::FLOAT, ..Self::default() }
    }

    fn int(name: &str, int: i64) -> Self {
        Self { name: name.to_owned(), int, kind: format::INT, ..Self::default() }
    }

    fn ints(name: &str, ints: &[i64]) -> Self {
        Self { name: name.to_owned(), ints: ints.to_vec(), kind: format::INTS, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
