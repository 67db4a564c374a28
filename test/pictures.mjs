/**
 * Draws README's pictures of the screens from the demo site: `npm run pictures`. It runs the built demo for some minutes, so that the trend
 * has a history, and takes as long; an argument says how many (10). Look at what it drew before you commit it.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const PICTURES = [
  { path: '/wall', file: 'collector/screens/wall.png', width: 1920, height: 1080 },
  { path: '/economics', file: 'collector/screens/economics.png', width: 1440, height: 1390 },
]
const minutes = Number(process.argv[2] ?? 10)
if (!(minutes > 0)) throw new Error(`expected a number of minutes, got ${process.argv[2]}`)

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'perwatt-pictures-'))
const demo = spawn(
  process.execPath,
  [
    join(root, 'dist/perwatt-collector.js'),
    'demo',
    ...['--data', folder, '--base', '127.77.0.1', '--port', '18077', '--broker-port', '18078'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const ended = new Promise((resolve) => demo.once('exit', resolve))
try {
  const url = await new Promise((resolve, reject) => {
    let text = ''
    demo.stdout.on('data', (chunk) => {
      text += chunk
      const [, found] = /Live screen: +(http:\S+)\/wall/.exec(text) ?? []
      if (found) resolve(found)
    })
    ended.then((status) => reject(new Error(`the demo ended with status ${status}:\n${text}`)))
  })
  await wait(minutes * 60_000)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  })
  for (const { path, file, width, height } of PICTURES) {
    // as in a control room
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: 'dark' })
    await page.goto(`${url}${path}`)
    // the first frame, the answers of all sections, and the trend
    await wait(8_000)
    await page.screenshot({ path: join(root, file) })
    await page.close()
    process.stdout.write(`${file}\n`)
  }
  await browser.close()
} finally {
  demo.kill('SIGINT')
  await ended
  rmSync(folder, { recursive: true })
}
