//! Tables as Markdown has them, so that they can be read in a terminal and put into a manual.

/// Prints a title, and rows under a head; the first column is text.
pub fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        // Markdown wants three dashes under a head.
        cells.chain([head[column].chars().count(), 3]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let rules = widths.iter().enumerate().map(|(column, &width)| match column {
        0 => "-".repeat(width),
        _ => format!("{}:", "-".repeat(width - 1)),
    });
    let rules: Vec<_> = rules.collect();
    println!("\n{title}\n");
    println!("{}", line(&head.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()));
    println!("{}", line(&rules));
    rows.iter().for_each(|row| println!("{}", line(row)));
}

/// A ratio, as the tables have it.
#[must_use]
pub fn ratio(it: f64, to: f64) -> String {
    format!("{:.2}", it / to)
}
