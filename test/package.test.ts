import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

/** Runs a module in a process of its own, which sees the package as its users do. */
function run(code: string, ...flags: string[]): string {
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', code], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

describe('the package', () => {
  it('has a module and its types behind every subpath', () => {
    const subpaths = Object.entries(exports).filter(([, target]) => typeof target === 'object');
    expect(subpaths).toHaveLength(6);
    for (const [subpath, target] of subpaths) {
      if (typeof target === 'string') continue;
      const names = JSON.parse(
        run(`console.log(JSON.stringify(Object.keys(await import('spillway${subpath.slice(1)}'))))`),
      ) as string[];
      const types = readFileSync(target.types, 'utf8');
      for (const name of names) expect(types).toMatch(new RegExp(`\\b${name}\\b`));
      expect(names).not.toEqual([]);
    }
  });

  it('has one class of error and one set of runtimes for all subpaths', () => {
    const output = run(`
      import { SpillwayError, startPressureRuntime } from 'spillway';
      import { dashboardHandler } from 'spillway/dashboard';
      import { gatePiscina } from 'spillway/piscina';
      import { inject, sampleNow } from 'spillway/testing';
      const isOurs = async (call) => {
        try {
          await call();
        } catch (error) {
          return error instanceof SpillwayError;
        }
      };
      const pressure = await startPressureRuntime();
      const { sampleCount } = await sampleNow(pressure);
      const answers = [
        sampleCount > 1,
        await isOurs(() => inject(pressure, {})),
        await isOurs(() => gatePiscina({}, pressure, { pauseAt: 'never' })),
        await isOurs(() => dashboardHandler(pressure, { token: 'short' })),
      ];
      await pressure.stop();
      console.log(JSON.stringify(answers));
    `);
    expect(JSON.parse(output)).toEqual([true, true, true, true]);
  });

  it('tells in a stack trace which line of the sources it was', () => {
    const output = run(
      `import { startPressureRuntime } from 'spillway'; await startPressureRuntime({ minIntervalMs: -1 }).catch(({ stack }) => console.log(stack));`,
      '--enable-source-maps',
    );
    expect(output).toMatch(/src\/runtime\/options\.ts:\d+/);
  });

  it('is written in ASCII, because V8 keeps any other source in twice the memory', () => {
    const files = [
      'dist/workers/sampler.cjs',
      ...readdirSync('dist/package/esm').map((file) => `dist/package/esm/${file}`),
    ];
    for (const file of files.filter((name) => !name.endsWith('.map'))) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
      expect(readFileSync(file, 'utf8').match(/[^\x00-\x7f].*/)?.[0], file).toBeUndefined();
    }
  });
});
