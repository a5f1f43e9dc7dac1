//! Which labels the result of a query can have.

use std::collections::BTreeSet;

use promql_parser::{
    label::MatchOp,
    parser::{
        AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
        token::{T_BOTTOMK, T_COUNT_VALUES, T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LUNLESS, T_TOPK},
        value::ValueType,
    },
};

type Names = BTreeSet<String>;

/// A selector may bring any label: what is known of it is what has been taken away.
#[derive(Clone, Debug)]
pub(super) enum Labels {
    Only(Names),
    AllBut(Names),
}

/// The labels that a query's result can have: a label that is not among them is certainly not there.
pub(super) fn labels(expr: &Expr) -> Labels {
    match expr {
        Expr::Aggregate(aggregate) => of_aggregate(aggregate),
        Expr::Binary(binary) => of_binary(binary),
        Expr::Call(call) => of_call(call),
        Expr::Paren(paren) => labels(&paren.expr),
        Expr::Unary(unary) => labels(&unary.expr),
        Expr::Subquery(subquery) => labels(&subquery.expr),
        Expr::VectorSelector(_) | Expr::MatrixSelector(_) | Expr::Extension(_) => Labels::any(),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Labels::none(),
    }
}

fn of_aggregate(aggregate: &AggregateExpr) -> Labels {
    let inner = labels(&aggregate.expr);
    // These choose among series and change none.
    if [T_TOPK, T_BOTTOMK, T_LIMITK, T_LIMIT_RATIO].contains(&aggregate.op.id()) {
        return inner;
    }
    let kept = match &aggregate.modifier {
        Some(LabelModifier::Include(by)) => inner.both(&Labels::only(&by.labels)),
        Some(LabelModifier::Exclude(without)) => inner.minus(&without.labels),
        None => Labels::none(),
    };
    match aggregate.param.as_deref() {
        Some(Expr::StringLiteral(label)) if aggregate.op.id() == T_COUNT_VALUES => kept.plus(&label.val),
        _ => kept,
    }
}

fn of_binary(binary: &BinaryExpr) -> Labels {
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    let (left, right) = (labels(&binary.lhs), labels(&binary.rhs));
    match binary.op.id() {
        T_LOR => return left.either(&right),
        T_LAND | T_LUNLESS => return left,
        _ if is_scalar(&binary.lhs) => return right,
        _ if is_scalar(&binary.rhs) => return left,
        _ => {}
    }
    let Some(modifier) = &binary.modifier else { return left.both(&right) };
    match (&modifier.card, &modifier.matching) {
        (VectorMatchCardinality::ManyToOne(extra), _) => {
            left.either(&right.both(&Labels::only(&extra.labels)))
        }
        (VectorMatchCardinality::OneToMany(extra), _) => {
            right.either(&left.both(&Labels::only(&extra.labels)))
        }
        (_, Some(LabelModifier::Include(on))) => left.both(&right).both(&Labels::only(&on.labels)),
        (_, Some(LabelModifier::Exclude(ignored))) => left.both(&right).minus(&ignored.labels),
        (_, None) => left.both(&right),
    }
}

fn of_call(call: &Call) -> Labels {
    let args = || call.args.args.iter().map(|arg| &**arg);
    let string = |index: usize| match args().nth(index) {
        Some(Expr::StringLiteral(literal)) => literal.val.clone(),
        _ => String::new(),
    };
    let is_vector = |expr: &&Expr| matches!(expr.value_type(), ValueType::Vector | ValueType::Matrix);
    let inner = args().find(is_vector).map_or_else(Labels::none, labels);
    match call.func.name {
        "label_replace" | "label_join" => inner.plus(&string(1)),
        "histogram_quantile" | "histogram_fraction" => inner.minus(&["le".to_owned()]),
        // Nothing is there but what the selector says that it would be.
        "absent" | "absent_over_time" => Labels::Only(args().flat_map(equalities).collect()),
        "scalar" => Labels::none(),
        // It brings labels of a series that is not in the query.
        "info" => Labels::any(),
        _ => inner,
    }
}

/// The labels that a selector asks to be equal to something.
fn equalities(expr: &Expr) -> Vec<String> {
    let selector = match expr {
        Expr::VectorSelector(selector) => selector,
        Expr::MatrixSelector(matrix) => &matrix.vs,
        _ => return Vec::new(),
    };
    let matchers = selector.matchers.matchers.iter();
    matchers.filter(|matcher| matcher.op == MatchOp::Equal).map(|matcher| matcher.name.clone()).collect()
}

// ===== impl Labels =====

impl Labels {
    pub(super) fn has(&self, label: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(label),
            Self::AllBut(names) => !names.contains(label),
        }
    }

    fn any() -> Self {
        Self::AllBut(Names::new())
    }

    fn none() -> Self {
        Self::Only(Names::new())
    }

    fn only(names: &[String]) -> Self {
        Self::Only(names.iter().cloned().collect())
    }

    fn both(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a & b),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::Only(only - but)
            }
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a | b),
        }
    }

    fn either(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a | b),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::AllBut(but - only)
            }
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a & b),
        }
    }

    fn minus(&self, names: &[String]) -> Self {
        self.both(&Self::AllBut(names.iter().cloned().collect()))
    }

    fn plus(&self, name: &str) -> Self {
        self.either(&Self::Only(Names::from([name.to_owned()])))
    }
}
