/**
 * A ramp of memory in a blocked main thread. Arguments: MB/s, lead in [0, 1). Starts a runtime whose process limit lies so that `critical` is some
 * hundred milliseconds ahead, fills memory at that pace without ever returning to the event loop, and looks at the level after every
 * chunk. Prints the lateness in ms as one line of JSON.
 */
import { startPressureRuntime } from 'spillway';

const MB = 1e6;
const CHUNK_BYTES = 256 * 1024;
const CRITICAL = 0.8;
const LEAST_LEAD_MS = 150;
const LEAD_SPREAD_MS = 250;
const GIVE_UP_MS = 1_000;

const [rateMb = '100', lead = '0'] = process.argv.slice(2);
const bytesPerMs = (Number(rateMb) * MB) / 1e3;

/** @returns ms from crossing `critical`, by the kernel's own count of the resident set, to the page showing it. */
async function measureLateness(lead: number): Promise<number> {
  const leadMs = LEAST_LEAD_MS + lead * LEAD_SPREAD_MS;
  const criticalBytes = process.memoryUsage.rss() + bytesPerMs * leadMs + 20 * MB; // starting the runtime takes some
  await using pressure = await startPressureRuntime({
    resources: {
      system: false,
      container: false,
      heap: false,
      process: { limitBytes: Math.ceil(criticalBytes / CRITICAL) },
    },
    autoEviction: false,
  });
  const held: Buffer[] = [];
  const startMs = performance.now();
  const startBytes = process.memoryUsage.rss();
  let heldBytes = 0;
  for (let crossedMs = Number.POSITIVE_INFINITY; ; ) {
    const nowMs = performance.now();
    if (pressure.isAtLeast('critical')) return crossedMs === Number.POSITIVE_INFINITY ? 0 : nowMs - crossedMs;
    if (nowMs - crossedMs > GIVE_UP_MS) throw new Error('The level never showed');
    if (heldBytes < (nowMs - startMs) * bytesPerMs) {
      held.push(Buffer.alloc(CHUNK_BYTES, 1));
      heldBytes += CHUNK_BYTES;
    }
    const isNear = startBytes + heldBytes > criticalBytes - 20 * MB;
    if (isNear && crossedMs === Number.POSITIVE_INFINITY && process.memoryUsage.rss() >= criticalBytes)
      crossedMs = nowMs;
  }
}

process.stdout.write(`${JSON.stringify(await measureLateness(Number(lead)))}\n`);
