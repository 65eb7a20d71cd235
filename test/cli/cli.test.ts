import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { CLI, hasProgram, outcomeOf, spillway } from '../support/programs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LEVELS = ['normal', 'warning', 'critical', 'emergency'];

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-cli-'));
  made.push(directory);
  return directory;
}

describe('spillway status', () => {
  it('is one line: icon, level, system share, process size', async () => {
    const { code, stdout, stderr } = await spillway(['status']);
    expect(stdout).toMatch(/^\S (normal|warning|critical|emergency) .*system \d+\.\d % {2}process \d+\.\d MB.*\n$/);
    expect(stdout.split('\n')).toHaveLength(2);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is a PressureState with --json', async () => {
    const { stdout } = await spillway(['status', '--json']);
    const state: unknown = JSON.parse(stdout);
    expect(state).toMatchObject({ sampleCount: 1, health: 'ok', simulated: false });
    expect(LEVELS).toContain((state as { level: string }).level);
  });

  it.each([
    [0, { warning: 0.97, critical: 0.98, emergency: 0.99 }],
    [30, { warning: 0.000001, critical: 0.000002, emergency: 0.000003 }],
  ])('exits with %i by level when it is asked to', async (code, thresholds) => {
    const env = { SPILLWAY_THRESHOLDS: JSON.stringify(thresholds), SPILLWAY_HYSTERESIS: '{"enableDelta":0}' };
    expect((await spillway(['status', '--exit-code'], env)).code).toBe(code);
    expect((await spillway(['status'], env)).code).toBe(0);
  });

  it('fails with one sentence when an option of the environment is wrong', async () => {
    const { code, stdout, stderr } = await spillway(['status'], { SPILLWAY_MAX_SAMPLER_CPU: '-1' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^spillway: Expected `maxSamplerCpu` .*\n$/);
  });
});

describe('spillway check', () => {
  const shape = {
    system: {
      memory_monitoring: {
        available: true,
        enabled: true,
        current: {
          system_memory_percent: expect.any(Number),
          process_memory_mb: expect.any(Number),
          pressure_level: expect.stringMatching(/normal|warning|critical|emergency/),
        },
      },
    },
    capabilities: expect.objectContaining({
      system: { available: true, detail: expect.any(String) },
      heap: { available: true, detail: expect.any(String) },
    }),
  };

  it('keeps the shape of GifLab, with the capabilities beside it', async () => {
    const { code, stdout, stderr } = await spillway(['check', '--json']);
    expect(JSON.parse(stdout)).toMatchObject(shape);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('tells for everything that is missing what to do', async () => {
    const { stdout } = await spillway(['check', '--json']);
    const { capabilities } = JSON.parse(stdout) as {
      capabilities: Record<string, { available: boolean; detail: string; remedy?: string }>;
    };
    for (const [name, { available, detail, remedy }] of Object.entries(capabilities)) {
      expect(detail, name).not.toBe('');
      expect(remedy === undefined, name).toBe(available);
    }
  });

  it('says that it is switched off', async () => {
    const { stdout } = await spillway(['check', '--json'], { SPILLWAY_ENABLED: 'false' });
    expect(JSON.parse(stdout)).toMatchObject({ system: { memory_monitoring: { available: true, enabled: false } } });
  });

  it('is one JSON document also when nothing can be started', async () => {
    const { code, stdout, stderr } = await spillway(['check', '--json'], { SPILLWAY_UPDATE_INTERVAL_MS: 'soon' });
    expect(JSON.parse(stdout)).toMatchObject({
      system: { memory_monitoring: { available: false, current: { pressure_level: null } } },
      capabilities: { system: { available: false, detail: expect.stringContaining('updateIntervalMs') } },
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  it('is one JSON document, and fails, where there is no /proc', async () => {
    const roots = JSON.stringify({ proc: '/no/such/proc', cgroup: '/no/such/cgroup' });
    const resources = JSON.stringify({ heap: false });
    const { code, stdout } = await spillway(['check', '--json'], {
      SPILLWAY_ROOTS: roots,
      SPILLWAY_RESOURCES: resources,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      system: { memory_monitoring: { available: false, current: { system_memory_percent: null } } },
      capabilities: { system: { available: false, detail: expect.stringContaining('/no/such/proc') } },
    });
    expect(code).toBe(1);
  });

  it.each([
    ['v2-leaf', true],
    ['v2-no-limit', false],
    ['v1-no-limit', false],
  ])('sees in %s whether a control group limits the process', async (tree, available) => {
    const recorded = join(ROOT, 'test/fixtures/trees', tree);
    const roots = JSON.stringify({ proc: join(recorded, 'proc'), cgroup: join(recorded, 'cgroup') });
    const { stdout } = await spillway(['check', '--json'], { SPILLWAY_ROOTS: roots });
    expect(JSON.parse(stdout)).toMatchObject({ capabilities: { container: { available } } });
  });

  it('is one JSON document where no optional package is installed', async () => {
    const directory = temporaryDirectory();
    cpSync(join(ROOT, 'dist'), join(directory, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
    mkdirSync(join(directory, 'node_modules'));
    for (const needed of ['comlink', 'commander', 'eventemitter3', 'picocolors', 'omggif']) {
      symlinkSync(join(ROOT, 'node_modules', needed), join(directory, 'node_modules', needed));
    }
    const child = spawn(process.execPath, [join(directory, 'dist/src/cli/main.js'), 'check', '--json']);
    const { code, stdout } = await outcomeOf(child);
    expect(JSON.parse(stdout)).toMatchObject({
      capabilities: {
        systeminformation: { available: false, remedy: 'npm install systeminformation' },
        prometheus: { available: false },
        opentelemetry: { available: false },
      },
    });
    expect(code).toBe(0);
  });

  it.skipIf(!hasProgram('jq'))('is read by jq (needs jq)', () => {
    const { status, stdout } = spawnSync('sh', [
      '-c',
      `"${process.execPath}" "${CLI}" check --json | jq -r .system.memory_monitoring.available`,
    ]);
    expect({ status, answer: stdout.toString() }).toEqual({ status: 0, answer: 'true\n' });
  });

  it('is a table for people, without colours where there is no terminal', async () => {
    const { stdout } = await spillway(['check', '--verbose']);
    expect(stdout).toMatch(/^✓ {2}system +available/);
    expect(stdout).not.toContain('\u001b');
    expect((await spillway(['check'], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[32m');
  });
});

describe('spillway install-help', () => {
  it('tells how to get a capability', async () => {
    const { code, stdout } = await spillway(['install-help', 'systeminformation']);
    expect(stdout).toContain('npm install systeminformation');
    expect(code).toBe(0);
  });

  it('lists the capabilities when the name is unknown, and exits with 2', async () => {
    const { code, stdout, stderr } = await spillway(['install-help', 'psychic']);
    expect(stderr).toContain("unknown capability 'psychic'; there are: system, container, heap");
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('knows every capability that check tells of', async () => {
    const { stdout } = await spillway(['check', '--json']);
    const { capabilities } = JSON.parse(stdout) as { capabilities: Record<string, unknown> };
    for (const name of Object.keys(capabilities)) {
      expect((await spillway(['install-help', name])).code, name).toBe(0);
    }
  });
});

describe('spillway watch', () => {
  it('writes one line per sample where there is no terminal, and ends on a signal', async () => {
    const child = spawn(process.execPath, [CLI, 'watch', '--interval', '50']);
    const outcome = outcomeOf(child);
    let lines = 0;
    child.stdout.on('data', (text: Buffer) => {
      lines += text.toString().split('\n').length - 1;
      if (lines >= 5) child.kill('SIGINT');
    });
    const { code, stdout } = await outcome;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => /^\d{4}-\d\d-\d\dT.*system/.test(line)),
    ).toBe(true);
    expect(code).toBe(0);
  });

  it('ends when nobody reads its lines any more', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" "${CLI}" watch --interval 50 | head -2`]);
    const { stdout, stderr } = await outcomeOf(child);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });
});

describe('spillway dashboard', () => {
  it('tells where the page is, serves it, and ends on a signal', async () => {
    const child = spawn(process.execPath, [CLI, 'dashboard']);
    const outcome = outcomeOf(child);
    const url = await new Promise<string>((resolve) => {
      child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(url)).text()).toContain('<title>spillway</title>');
    child.kill('SIGTERM');
    expect((await outcome).code).toBe(0);
  });
});

describe('the command line', () => {
  it.each([[['nonsense']], [['status', '--nonsense']], [['watch', '--interval', 'often']], [['status', 'extra']]])(
    'exits with 2 and says why on stderr for %j',
    async (args) => {
      const { code, stdout, stderr } = await spillway(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: /);
    },
  );

  it('tells its version, and how it is used', async () => {
    const { version } = JSON.parse(
      spawnSync('cat', [join(dirname(dirname(dirname(dirname(CLI)))), 'package.json')]).stdout.toString(),
    ) as { version: string };
    expect(await spillway(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await spillway(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('install-help');
  });
});
