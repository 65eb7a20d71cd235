/** Asks two copies of the package for the shared runtime, and prints whether it is the same one, and what the process was warned of. */
const [first, second] = await Promise.all(process.argv.slice(2).map((entry) => import(entry)));
const warnings = [];
process.on('warning', (warning) => warnings.push(warning.code));
const one = await first.sharedPressureRuntime({ updateIntervalMs: 100 });
const other = await second.sharedPressureRuntime();
const third = await second.sharedPressureRuntime({ updateIntervalMs: 200 });
await second.sharedPressureRuntime({ updateIntervalMs: 300 });
const map = new Map();
one.register(map, { name: 'map' });
let duplicate = '';
const own = await second.startPressureRuntime();
try {
  own.register(map, { name: 'map' });
} catch (error) {
  duplicate = error.code;
}
await own.stop();
await one.stop();
const next = await second.sharedPressureRuntime({ updateIntervalMs: 200 });
await new Promise(setImmediate);
console.log(
  JSON.stringify({
    differentCode: first !== second,
    same: one === other && other === third,
    warnings,
    duplicate,
    isNew: next !== one,
  }),
);
await next.stop();
