import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { Assets } from '../../collector/screens/pages/assets.ts'
import { createServer, type ScreensServer } from '../../collector/screens/server.ts'
import { buildWeb } from '../../collector/screens/web-build.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { launchChromium } from '../chromium.ts'
import type { Scene } from '../collector/screens/scene.ts'
import { openPage } from './open-page.ts'

/** The screens' server over a scene, and real Chromium beside it. What a test opens is closed after it. */
export function scenePages() {
  let browser: Browser
  let assets: Assets
  const pages: Page[] = []
  const servers: ScreensServer[] = []

  beforeAll(async () => {
    assets = await buildWeb()
    browser = await launchChromium()
  })
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((p) => p.close()))
    await Promise.all(servers.splice(0).map((s) => s.close()))
  })
  afterAll(() => browser?.close())

  /** @param port 0: any that is free */
  async function serve(scene: Scene, port = 0, more: { version?: string; token?: Secret } = {}) {
    const server = createServer({ views: scene, assets, log: SILENT, version: '1.2.3', ...more })
    servers.push(server)
    return { server, port: (await server.listen('127.0.0.1', port)).port }
  }

  async function open(port: number, width?: number, height?: number, path = '/') {
    const opened = await openPage(browser, `http://127.0.0.1:${port}${path}`, width, height)
    pages.push(opened.page)
    return opened
  }

  /** Serves a scene and opens its wall. */
  async function openScene(scene: Scene, path = '/wall', width?: number, height?: number) {
    const { server, port } = await serve(scene)
    return { server, ...(await open(port, width, height, path)) }
  }
  return { serve, open, openScene }
}
