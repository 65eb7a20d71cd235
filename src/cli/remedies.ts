/** What each capability is for, and how to get it where it is missing; the names of `check` and `install-help`, in their order. */
export const REMEDIES = {
  system: {
    purpose: 'the use of the machine’s memory',
    remedy: 'On Linux mount /proc so that this user can read /proc/meminfo; elsewhere install systeminformation.',
  },
  container: {
    purpose: 'the tightest memory limit of the control groups that this process is in',
    remedy:
      'Nothing to install: start the process under a limit, for example with `docker run --memory 512m`, a memory limit of ' +
      'Kubernetes, or `systemd-run --user --scope -p MemoryMax=512M`. Without one the machine’s memory is watched.',
  },
  heap: {
    purpose: 'the old space of V8 against its limit, per thread',
    remedy: 'Nothing to install: every Node.js from 20 on tells it.',
  },
  stall: {
    purpose: 'how long tasks wait for memory (PSI), which makes the sampler look more often',
    remedy: 'Boot the Linux kernel (4.20 or later, built with CONFIG_PSI) with the parameter `psi=1`.',
  },
  collection: {
    purpose: 'garbage collections after an eviction, so that dropped entries are freed in time',
    remedy: 'Start Node with `--expose-gc`, or allow V8 flags to be set while it runs.',
  },
  systeminformation: {
    purpose: 'the memory of the machine on macOS and Windows',
    remedy: 'npm install systeminformation',
  },
  piscina: {
    purpose: 'a pool whose tasks wait while memory is short (`spillway/piscina`)',
    remedy: 'npm install piscina',
  },
  prometheus: { purpose: 'metrics for Prometheus (`spillway/prometheus`)', remedy: 'npm install prom-client' },
  opentelemetry: {
    purpose: 'metrics for OpenTelemetry (`spillway/opentelemetry`)',
    remedy: 'npm install @opentelemetry/api',
  },
  allocator: {
    purpose: 'memory that is freed goes back to the system',
    remedy:
      'npm install koffi, through which glibc is told to give back what it keeps. Or start Node with MALLOC_MMAP_THRESHOLD_=65536 in ' +
      'its environment: blocks from 64 KiB on then have pages of their own, which go back when they are freed. Or preload jemalloc.',
  },
  'heap-limit': {
    purpose: 'V8 collects before the container’s limit is reached',
    remedy: 'Start Node with --max-old-space-size (in MiB) well below the limit, to leave room for buffers and code.',
  },
} as const satisfies Record<string, { readonly purpose: string; readonly remedy: string }>;

export type CapabilityName = keyof typeof REMEDIES;

export const CAPABILITY_NAMES = Object.keys(REMEDIES) as CapabilityName[];
