//! What each panel has to show, told by its title and worked out from the samples: the meaning of a panel, said a second time
//! and in another language.

mod calls;
mod grpc;
mod http;
mod operations;
mod overview;
mod promises;
mod shared;

use crate::{
    programs::Asked,
    samples::{Vector, World},
};

/// The range that stands for `$__rate_interval`, in seconds.
pub(crate) const WINDOW: f64 = 20.0;

pub(crate) fn expected(world: &World, it: &Asked<'_>) -> Vector {
    match it.board {
        "tower-metrics: overview" => overview::expected(world, it),
        "Users" => calls::users(world),
        _ if it.row.starts_with("SLO ") => shared::slo(world, it),
        _ if it.row == "The metrics themselves" => shared::telemetry(world, it),
        _ if it.row == "Refusals" => shared::refusals(world, it),
        "shop: HTTP" => http::expected(world, it),
        "shop: operations" => operations::expected(world, it),
        "orders: gRPC" => grpc::expected(world, it),
        board => panic!("nobody said what the dashboard {board} shows"),
    }
}

/// The job of a dashboard.
fn job(it: &Asked<'_>) -> &'static str {
    if it.board.starts_with("orders") { "orders" } else { "shop-backend" }
}

/// A panel that nobody said anything of.
fn unknown(it: &Asked<'_>) -> ! {
    panic!("nobody said what {} / {} / {} {} shows", it.board, it.row, it.panel, it.query)
}
