// Indicators of a series of closes, for the chart.  As TA-Lib reckons them: an exponential mean begins
// with a plain one, and Bollinger's bands are two population deviations around the mean of 20.

// n values for n closes; null where there is too little history.
export function ema(closes, period) {
  const found = new Array(closes.length).fill(null);
  if (closes.length < period) return found;
  let mean = closes.slice(0, period).reduce((sum, close) => sum + close, 0) / period;
  found[period - 1] = mean;
  for (let index = period; index < closes.length; index += 1) {
    mean += (closes[index] - mean) * (2 / (period + 1));
    found[index] = mean;
  }
  return found;
}

// {upper, lower}, each as above.
export function bollinger(closes, period = 20, deviations = 2) {
  const upper = new Array(closes.length).fill(null);
  const lower = new Array(closes.length).fill(null);
  for (let index = period - 1; index < closes.length; index += 1) {
    const part = closes.slice(index - period + 1, index + 1);
    const mean = part.reduce((sum, close) => sum + close, 0) / period;
    const spread = deviations * Math.sqrt(part.reduce((sum, close) => sum + (close - mean) ** 2, 0) / period);
    upper[index] = mean + spread;
    lower[index] = mean - spread;
  }
  return { upper, lower };
}

// The share by which each value is below the highest up to it, from 0 to 1.
export function drawdowns(values) {
  let peak = -Infinity;
  return values.map((value) => {
    peak = Math.max(peak, value);
    return peak > 0 ? 1 - value / peak : 0;
  });
}
