import { showLivePage } from '../parts/live-page.ts'
import { EconomicsPage } from './economics-page.tsx'

showLivePage((page) => <EconomicsPage {...page} />, 1000)
