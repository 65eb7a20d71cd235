/** Says `ready`, is suspended and resumed by the test, then prints what it was told of health and levels until 40 samples later. */
import { startPressureRuntime } from 'spillway';

const SAMPLES = 40;
const pressure = await startPressureRuntime({ updateIntervalMs: 50 });
const told = [];
pressure.on('health', ({ to, reason }) => told.push(`${to}: ${reason}`));
pressure.on('level', ({ from, to }) => told.push(`${from} -> ${to}`));
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const { sampleCount } = pressure.state;
  pressure.on('sample', (state) => {
    if (state.sampleCount < sampleCount + SAMPLES) return;
    process.stdout.write(
      `${JSON.stringify({ told, growth: state.growthBytesPerSecond, seconds: state.secondsToLimit })}\n`,
    );
    process.exit();
  });
});
