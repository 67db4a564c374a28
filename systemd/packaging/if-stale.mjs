// Builds dist/ where a source is newer than it, so that `npm start` is quick the second time. Plain JavaScript: it runs
// before anything is built, on the oldest Node that we support.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'

const SOURCES = [
  'agent',
  'systemd/packaging',
  'collector',
  'protocol',
  'package.json',
  'package-lock.json',
  'tsup.config.ts',
]
/** The build writes package.json last, so a build that was cut off is seen by it. */
const BUILT = ['dist/perwatt-agent.js', 'dist/perwatt-collector.js', 'dist/package.json']
const TSUP = 'node_modules/tsup/dist/cli-default.js'
/** Runs in the build's process: ends it when this one has ended, which closes the pipe between them however it ended. */
const END_WITH_PARENT = 'process.stdin.on("end", () => process.exit(1)).resume().unref()'
const CHECK_MS = 200

/** Newest change below `path`, Unix ms; a folder counts too, so that a removed file is noticed. */
function changedMs(path) {
  const entry = statSync(path)
  if (!entry.isDirectory()) return entry.mtimeMs
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => changedMs(`${path}/${name}`)))
}

/** Why a build is needed; undefined where it isn't. */
function staleness() {
  const missing = BUILT.find((file) => !existsSync(file))
  if (missing) return `${missing} is not there yet`
  const builtMs = Math.min(...BUILT.map((file) => statSync(file).mtimeMs))
  const newer = SOURCES.find((source) => changedMs(source) > builtMs)
  return newer && `${newer} changed since the last build`
}

const reason = staleness()
if (reason) {
  if (!existsSync(TSUP)) {
    console.error('build: the packages are not installed; run: npm ci')
    process.exit(2)
  }
  console.error(`build: ${reason}; building dist/`)
  const preload = `data:text/javascript,${encodeURIComponent(END_WITH_PARENT)}`
  const build = spawn(process.execPath, ['--import', preload, TSUP, '--silent'], { stdio: ['pipe', 2, 2] })
  build.once('close', (status) => process.exit(status ?? 1))
  // npm and its shell give no channel whose end could be noticed; without them, nothing would run what is built
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.exit(1), CHECK_MS)
}
