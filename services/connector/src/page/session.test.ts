import { expect, test } from 'vitest'
// @ts-expect-error The page is plain JavaScript, served as it is.
import * as page from './session.js'
import { type Browser, openBrowser } from './test-browser.ts'

const session = ({ clock }: Browser, leftMs: number, fields: object = {}) => ({
  ...{ accessToken: 'access', refreshToken: 'refresh', socketUrl: 'ws://a.example/v1/socket' },
  ...{ accessExpiresAt: new Date(clock.now() + leftMs).toISOString(), ...fields },
})

const loggedIn = (leftMs: number) => {
  const browser = openBrowser()
  browser.storage.set('chat.session', JSON.stringify(session(browser, leftMs)))
  return browser
}

const fresh = (browser: Browser) => ({ status: 200, body: session(browser, 900_000, { accessToken: 'next' }) })

test('a login is for the device of this tab and is kept', async () => {
  const browser = openBrowser()
  await page.ownThisTab()
  browser.respond(() => ({ status: 201, body: session(browser, 900_000) }))
  await page.logIn('ann', 'correct horse')
  expect(browser.requests[0]).toMatchObject({
    line: 'POST /v1/sessions',
    body: { name: 'ann', password: 'correct horse', device: page.deviceId() },
  })
  expect(page.currentSession()).toMatchObject({ accessToken: 'access' })
  page.forgetSession()
  expect(page.currentSession()).toBeNull()
})

test('an access token that is good for a minute and more is used as it is', async () => {
  const browser = loggedIn(61_000)
  expect(await page.freshSession()).toMatchObject({ accessToken: 'access' })
  expect(browser.requests).toEqual([])
})

test.each([
  ['ends within a minute', 60_000, {}],
  ['was refused', 900_000, { mustRenew: true }],
])('an access token that %s is renewed, and the new session kept', async (_, leftMs, options) => {
  const browser = loggedIn(leftMs)
  browser.respond(() => fresh(browser))
  expect(await page.freshSession(options)).toMatchObject({ accessToken: 'next' })
  expect(browser.requests).toMatchObject([{ line: 'POST /v1/sessions/refresh', body: { refreshToken: 'refresh' } }])
  expect(page.currentSession()).toMatchObject({ accessToken: 'next' })
})

test('a refusal is a Problem with its code; without a login it is unauthorized', async () => {
  const browser = loggedIn(0)
  browser.respond(() => ({ status: 401, body: { code: 'unauthorized', detail: 'over', retryAfterMs: 7 } }))
  await expect(page.freshSession()).rejects.toMatchObject({ code: 'unauthorized', message: 'over', retryAfterMs: 7 })
  expect(page.currentSession()).not.toBeNull()
  page.forgetSession()
  await expect(page.freshSession()).rejects.toBeInstanceOf(page.Problem)
})

test('a logout is told to the server with the access token, and without a login nothing is', async () => {
  const browser = loggedIn(900_000)
  browser.respond(() => ({ status: 204 }))
  await page.endSession()
  expect(browser.requests).toMatchObject([
    { line: 'DELETE /v1/sessions/current', headers: { authorization: 'Bearer access' } },
  ])
  page.forgetSession()
  await page.endSession()
  expect(browser.requests).toHaveLength(1)
})

test('a tab keeps its device over reloads; a duplicated one takes another and is not logged in', async () => {
  const browser = loggedIn(900_000)
  await page.ownThisTab()
  const device = page.deviceId()
  expect(device).toMatch(/^[0-9a-f-]{36}$/)
  await page.ownThisTab()
  expect(page.deviceId()).toBe(device)
  browser.heldLocks.add(device)
  await page.ownThisTab()
  expect(page.deviceId()).not.toBe(device)
  expect(page.currentSession()).toBeNull()
})

test('the socket is where the gateway says, or where the login said when nobody answers', async () => {
  const browser = openBrowser()
  browser.respond(() => ({ status: 200, body: { socketUrl: 'ws://b.example/v1/socket' } }))
  expect(await page.socketUrl({ socketUrl: 'ws://a' })).toBe('ws://b.example/v1/socket')
  browser.respond(() => ({ status: 503, body: { code: 'unavailable' } }))
  expect(await page.socketUrl({ socketUrl: 'ws://a' })).toBe('ws://a')
})
