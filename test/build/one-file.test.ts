import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from './run.ts'

const PROGRAMS = {
  'perwatt-agent': ['run', 'check', 'simulate', 'probe'],
  'perwatt-collector': ['run', 'check', 'demo'],
}

beforeAll(async () => {
  const { code, stderr } = await run(process.execPath, ['systemd/packaging/if-stale.mjs'])
  if (code !== 0) throw new Error(`the build failed: ${stderr}`)
})

describe.each(Object.entries(PROGRAMS))('%s alone in an empty folder', (program, commands) => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perwatt-alone-'))
    await cp(`dist/${program}.js`, join(folder, `${program}.js`))
    await writeFile(join(folder, 'wrong.yaml'), 'site: lone-star\ncolour: red\n')
  })
  afterAll(() => rm(folder, { recursive: true }))

  // no PATH, no HOME, and nothing of this checkout
  const start = (...args: string[]) =>
    run(process.execPath, [join(folder, `${program}.js`), ...args], { cwd: folder, env: {} })

  it('lists its commands', async () => {
    const { code, stdout, stderr } = await start('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })

  it('ends without a word where the reader of its output has ended', async () => {
    const child = spawn(process.execPath, [join(folder, `${program}.js`), 'run', '--help'], {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // as of `| head`: long before a program of this size is loaded
    child.stdout.destroy()
    let words = ''
    child.stderr.on('data', (part) => {
      words += part
    })
    expect(await once(child, 'close')).toEqual([0, null])
    expect(words).toBe('')
  })

  it('says the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await start('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('refuses a wrong configuration with 2, naming the file and the place', async () => {
    const { code, stderr } = await start('check', '--config', 'wrong.yaml')
    expect(code).toBe(2)
    expect(stderr).toMatch(/wrong\.yaml: .*colour/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('finds the example that it prints right', async () => {
    const { stdout } = await start('check', '--example')
    await writeFile(join(folder, 'example.yaml'), stdout)
    expect(await start('check', '--config', 'example.yaml')).toMatchObject({ code: 0, stderr: '' })
  })

  it('refuses to run on a configuration that is not there with 2', async () => {
    const { code, stderr } = await start('run', '--config', 'none.yaml')
    expect(code).toBe(2)
    expect(stderr).toMatch(/none\.yaml: there is no such file/)
  })
})

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The first line with this in it; undefined where the program ends without. */
async function lineWith(text: string, output: Readable): Promise<string | undefined> {
  for await (const line of createInterface({ input: output })) if (line.includes(text)) return line
  return undefined
}

describe('perwatt-collector run on the embedded store', () => {
  let folder = ''
  let port = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perwatt-alone-'))
    port = await freePort()
    await cp('dist/perwatt-collector.js', join(folder, 'perwatt-collector.js'))
    await writeFile(
      join(folder, 'collector.yaml'),
      `{ site: { id: plains-1 }, dataFolder: ${folder}/data, http: { port: ${port} }, mqtt: { embedded: { port: ${await freePort()} } } }`,
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('names the missing part where native/ is not beside it', async () => {
    const args = [join(folder, 'perwatt-collector.js'), 'run', '--config', 'collector.yaml']
    const { code, stderr } = await run(process.execPath, args, { cwd: folder, env: {} })
    expect(code).toBe(1)
    expect(stderr).toMatch(/duckdb: cannot load .*native\/duckdb\.node.*PERWATT_NATIVE/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('serves the wall with native/ beside it, and ends at SIGTERM with 0', async () => {
    await cp('dist/native', join(folder, 'native'), { recursive: true })
    const child = spawn(
      process.execPath,
      [join(folder, 'perwatt-collector.js'), 'run', '--config', 'collector.yaml'],
      { cwd: folder, env: {}, stdio: ['ignore', 'ignore', 'pipe'], timeout: 25_000 },
    )
    const ended = once(child, 'exit')
    try {
      expect(await lineWith('collector runs', child.stderr)).toBeDefined()
      const wall = await fetch(`http://127.0.0.1:${port}/wall`)
      expect(wall.status).toBe(200)
      expect(await wall.text()).toContain('/assets/wall.js')
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
  })
})

describe('what is built', () => {
  it.each(Object.keys(PROGRAMS))('%s.js loads nothing but Node itself', async (program) => {
    const text = await readFile(`dist/${program}.js`, 'utf8')
    const imported = [...text.matchAll(/^(?:import|export) .*? from ['"]([^'"]+)['"];?$/gm)].map(
      (m) => m[1] ?? '',
    )
    expect(imported.length).toBeGreaterThan(0)
    expect(imported.filter((name) => !isBuiltin(name))).toEqual([])
  })

  it.each(Object.keys(PROGRAMS))('%s.js is ASCII, which takes half the memory', async (program) => {
    const text = await readFile(`dist/${program}.js`, 'utf8')
    expect(/[^\p{ASCII}].{0,40}/u.exec(text)?.[0]).toBeUndefined()
  })

  it('starts as a command of a shell', async () => {
    const text = await readFile('dist/perwatt-collector.js', 'utf8')
    expect(text.split('\n', 2)).toEqual(['#!/usr/bin/env node', expect.not.stringMatching(/^#!/)])
  })

  it('comes with the licence of each package inside it', async () => {
    const text = await readFile('dist/THIRD-PARTY-LICENSES.txt', 'utf8')
    for (const name of ['mqtt', 'zod', '@duckdb/node-api', 'preact', 'uplot'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'))
  })

  it('names no path of the machine that built it', async () => {
    for (const program of Object.keys(PROGRAMS))
      expect(await readFile(`dist/${program}.js`, 'utf8')).not.toContain(process.cwd())
  })
})
