//! Logs on standard error, metrics for Prometheus.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    config::{Log, LogFormat},
    failure::Failure,
};

/// Starts logging. Values are logged as fields, so that a text from outside can't forge a line.
///
/// # Errors
/// When the filter is none; loading the configuration has checked it.
pub fn start(log: &Log) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_new(&log.filter).map_err(|error| Failure::Told(format!("log.filter: {error}")))?;
    let lines =
        fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).try_init(),
    }
    .map_err(|error| Failure::Told(format!("logging: {error}")))
}

/// Starts collecting metrics for the whole process.
///
/// # Errors
/// When something else collects them already.
pub fn metrics() -> Result<PrometheusHandle, Failure> {
    PrometheusBuilder::new()
        .set_buckets(&[0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Failure::Told(format!("metrics: {error}")))
}
