import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { run } from './run.ts'

const SCRIPT = resolve('systemd/packaging/if-stale.mjs')
/** Stands for tsup in the tree below: writes the programs and says so. */
const BUILDER = `
const { mkdirSync, writeFileSync } = require('node:fs')
mkdirSync('dist', { recursive: true })
for (const name of ['perwatt-agent.js', 'perwatt-collector.js', 'package.json']) writeFileSync('dist/' + name, '')
console.error('built')
`

const parentOf = (pid: number) =>
  Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
const runs = (pid: number) => existsSync(`/proc/${pid}`)

let folder = ''
const put = async (path: string, text = '') => {
  await mkdir(join(folder, dirname(path)), { recursive: true })
  await writeFile(join(folder, path), text)
}
const start = () => run(process.execPath, [SCRIPT], { cwd: folder })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-stale-'))
  for (const name of ['agent', 'systemd/packaging', 'collector', 'protocol'])
    await put(`${name}/deep/source.ts`)
  for (const name of ['package.json', 'package-lock.json', 'tsup.config.ts']) await put(name)
})
afterEach(() => rm(folder, { recursive: true }))

it('builds where there is no program yet, and says why', async () => {
  await put('node_modules/tsup/dist/cli-default.js', BUILDER)
  const { code, stderr } = await start()
  expect(code).toBe(0)
  expect(stderr).toBe('build: dist/perwatt-agent.js is not there yet; building dist/\nbuilt\n')
})

it('says nothing and builds nothing where the programs are newer than every source', async () => {
  await put('node_modules/tsup/dist/cli-default.js', BUILDER)
  await start()
  expect(await start()).toEqual({ code: 0, stdout: '', stderr: '' })
})

it('builds again after a source changed', async () => {
  await put('node_modules/tsup/dist/cli-default.js', BUILDER)
  await start()
  const later = new Date(Date.now() + 60_000)
  await utimes(join(folder, 'collector/deep/source.ts'), later, later)
  expect((await start()).stderr).toContain('build: collector changed since the last build')
})

it('builds again after a build that was cut off', async () => {
  await put('node_modules/tsup/dist/cli-default.js', BUILDER)
  await start()
  await rm(join(folder, 'dist/package.json'))
  expect((await start()).stderr).toContain('build: dist/package.json is not there yet')
})

it('ends the build with itself, killed too, and itself with the shell that started it', async () => {
  const started = join(folder, 'build.pid')
  const waits = `require('node:fs').writeFileSync(${JSON.stringify(started)}, String(process.pid)); setInterval(() => {}, 1000)`
  await put('node_modules/tsup/dist/cli-default.js', waits)
  for (const killed of ['the build script', 'the shell']) {
    await rm(started, { force: true })
    // the second command keeps the shell from becoming the first
    const shell = spawn('sh', ['-c', `${process.execPath} ${SCRIPT}; true`], { cwd: folder, stdio: 'ignore' })
    const build = Number(
      await eventually(
        () => readFile(started, 'utf8').catch(() => ''),
        (text) => text !== '',
      ),
    )
    const script = parentOf(build)
    process.kill(killed === 'the shell' ? (shell.pid as number) : script, 'SIGKILL')
    await eventually(
      () => [build, script].filter(runs),
      (left) => left.length === 0,
    )
  }
})

it('fails where the build fails, so that no old program is started', async () => {
  await put('node_modules/tsup/dist/cli-default.js', 'process.exit(1)')
  expect((await start()).code).toBe(1)
})

it('names npm ci where the packages are not installed', async () => {
  const { code, stderr } = await start()
  expect(code).toBe(2)
  expect(stderr).toBe('build: the packages are not installed; run: npm ci\n')
})
