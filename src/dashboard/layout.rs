//! Where panels stand: from the left to the right in a grid of 24 columns, in rows with a title.

use std::collections::BTreeSet;

use super::model::{GridPos, Panel};
use crate::rules::link::fnv_1a;

/// The columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// What is filled, row by row.
#[derive(Debug, Default)]
pub(super) struct Layout {
    panels: Vec<Panel>,
    x: u32,
    y: u32,
    /// Of the highest panel in the line that is being filled.
    height: u32,
}

/// A panel and its size.
pub(super) type Sized = (u32, u32, Panel);

// ===== impl Layout =====

impl Layout {
    /// Begins a row with these panels, each `(width, height, panel)`; none if there is nothing in it.
    pub(super) fn row(&mut self, title: &str, panels: impl IntoIterator<Item = Sized>) {
        let mut panels = panels.into_iter().peekable();
        if panels.peek().is_none() {
            return;
        }
        self.place(COLUMNS, 1, Panel::row(title, None));
        for (width, height, panel) in panels {
            self.place(width, height, panel);
        }
        self.new_line();
    }

    /// The same, closed until somebody opens it: its queries are not asked before.
    pub(super) fn closed_row(&mut self, title: &str, panels: impl IntoIterator<Item = Sized>) {
        let mut inner = Self { y: self.y + 1, ..Self::default() };
        for (width, height, panel) in panels {
            inner.place(width, height, panel);
        }
        if !inner.panels.is_empty() {
            self.place(COLUMNS, 1, Panel::row(title, Some(inner.panels)));
        }
    }

    /// The panels, each with a number between 1 and 2^30 that follows from its title and that of its row: one more panel
    /// elsewhere does not change it, and a link to it stays true.
    pub(super) fn finish(mut self) -> Vec<Panel> {
        let mut taken = BTreeSet::new();
        let mut row = String::new();
        let mut number = |row: &str, panel: &mut Panel| {
            let mut id = (fnv_1a(&format!("{row}/{}", panel.title)) >> 2).max(1);
            while !taken.insert(id) {
                id += 1;
            }
            panel.id = id;
        };
        for panel in &mut self.panels {
            if panel.panels.is_some() {
                row.clone_from(&panel.title);
                number("", panel);
            } else {
                number(&row, panel);
            }
            panel.panels.iter_mut().flatten().for_each(|inner| number(&row, inner));
        }
        self.panels
    }

    fn place(&mut self, width: u32, height: u32, mut panel: Panel) {
        if self.x + width > COLUMNS {
            self.new_line();
        }
        panel.grid_pos = GridPos { h: height, w: width, x: self.x, y: self.y };
        self.panels.push(panel);
        self.x += width;
        self.height = self.height.max(height);
        if self.x == COLUMNS {
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        self.y += self.height;
        self.x = 0;
        self.height = 0;
    }
}
