import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What is needed to boot a kernel of our own. `test/kernel/prepare.sh` fetches all of it on a Debian machine. */
export interface KernelMachine {
  readonly kernel: string;
  readonly busybox: string;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Only what runs inside is copied: the build, and what it depends on. */
const COPIED = [
  'package.json',
  'dist',
  'node_modules/comlink',
  'node_modules/eventemitter3',
  'node_modules/lru-cache',
  'node_modules/koffi',
  'node_modules/@koromix',
];

const MEMORY_MIB = 2048;
const DISK_BYTES = 512 * 1024 * 1024;
const BOOT_TIMEOUT_MS = 240_000;

/** @returns the machine, or why none can be booted here. */
export function findKernelMachine(): KernelMachine | string {
  const kernel = process.env.SPILLWAY_TEST_KERNEL;
  if (kernel === undefined || kernel === '')
    return 'SPILLWAY_TEST_KERNEL names no kernel image (test/kernel/prepare.sh fetches one)';
  if (!existsSync(kernel)) return `no kernel image at ${kernel}`;
  for (const tool of ['qemu-system-x86_64', 'cpio', 'busybox']) {
    if (which(tool) === '') return `${tool} is not installed`;
  }
  return { kernel, busybox: which('busybox') };
}

/**
 * Boots the machine with cgroup v2, a memory controller, PSI and two disks, runs a module of `inside/` as root, and powers off.
 * @param environment for the module; `DISK` and `SWAP` name the two disks.
 * @returns what the module printed, and its exit code.
 */
export async function runInside(machine: KernelMachine, module: string): Promise<{ output: string; exitCode: number }> {
  const scratch = mkdtempSync(join(tmpdir(), 'spillway-kernel-'));
  try {
    const image = await buildImage(machine, scratch, module);
    const disks = ['disk', 'swap'].map((name) => join(scratch, name));
    for (const disk of disks) {
      writeFileSync(disk, '');
      truncateSync(disk, DISK_BYTES); // sparse: costs nothing until it is written
    }
    const console = await boot(machine.kernel, image, disks);
    const begin = console.indexOf('@@begin');
    const end = /@@end (\d+)/.exec(console);
    if (begin < 0 || end === null) throw new Error(`The machine did not finish:\n${console.slice(-4000)}`);
    return { output: console.slice(begin + '@@begin'.length, end.index), exitCode: Number(end[1]) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function which(command: string): string {
  return spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
}

/** An initial RAM disk with a statically linked busybox, this node binary with its libraries, and the project. */
async function buildImage(machine: KernelMachine, scratch: string, module: string): Promise<string> {
  const root = join(scratch, 'root');
  for (const directory of ['bin', 'proc', 'sys', 'dev', 'tmp', 'mnt', 'app'])
    mkdirSync(join(root, directory), { recursive: true });
  cpSync(machine.busybox, join(root, 'bin/busybox'));
  cpSync(process.execPath, join(root, 'bin/node'));
  const libraries = spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, library), { dereference: true });
  }
  for (const path of COPIED) cpSync(join(ROOT, path), join(root, 'app', path), { recursive: true, dereference: true });
  cpSync(join(import.meta.dirname, 'inside'), join(root, 'app/inside'), { recursive: true });
  writeFileSync(join(root, 'init'), initScript(module));
  chmodSync(join(root, 'init'), 0o755);
  const image = join(scratch, 'image');
  const archive = spawn('sh', ['-c', 'find . | cpio -o -H newc --quiet'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await pipeline(archive.stdout, createWriteStream(image));
  return image;
}

function initScript(module: string): string {
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp NO_COLOR=1 DISK=/dev/nvme0n1 SWAP=/dev/nvme1n1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 none /sys/fs/cgroup
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
cd /app
echo @@begin
node inside/${module} 2>&1
echo "@@end $?"
poweroff -f
`;
}

/** Software emulation, so it runs where there is no KVM; at about a fifth of the native speed. */
async function boot(kernel: string, image: string, disks: readonly string[]): Promise<string> {
  const drives = disks.flatMap((disk, index) => [
    '-drive',
    `file=${disk},if=none,id=disk${index},format=raw`,
    '-device',
    `nvme,drive=disk${index},serial=disk${index}`,
  ]);
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg,thread=multi', '-smp', '2', '-m', String(MEMORY_MIB), '-kernel', kernel, '-initrd', image],
      ...drives,
      ...[
        '-append',
        'console=ttyS0 quiet panic=-1 psi=1',
        '-nographic',
        '-no-reboot',
        '-monitor',
        'none',
        '-serial',
        'stdio',
      ],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: BOOT_TIMEOUT_MS, killSignal: 'SIGKILL' },
  );
  let console = '';
  qemu.stdout.setEncoding('latin1');
  for await (const chunk of qemu.stdout) console += chunk;
  return console.replaceAll('\r', '');
}
