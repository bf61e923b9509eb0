-- What wrk counted, as one line of JSON. Times are microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration": %d, "bytes": %d, "p99": %.1f, "refused": %d, "lost": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(99.0),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
