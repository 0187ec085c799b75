// Posts one call of each kind with the real SDK. Usage: node send.mjs HOST WRITE_KEY; prints one JSON line.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, maxRetries: 0, flushAt: 15 });
const errors = [];
analytics.on("error", (error) => errors.push(String(error.reason ?? error.code ?? error)));

analytics.identify({ userId: "node-1", traits: { email: "node@example.test", plan: "pro" } });
analytics.track({ userId: "node-1", event: "Order Completed", properties: { revenue: 12.5 } });
analytics.page({ userId: "node-1", name: "Home", properties: { url: "https://shop.example.test/" } });
analytics.screen({ anonymousId: "node-anon", name: "Start" });
analytics.group({ userId: "node-1", groupId: "g-1", traits: { name: "Acme" } });
analytics.alias({ userId: "node-1", previousId: "node-anon" });
await analytics.closeAndFlush({ timeout: 15000 });
console.log(JSON.stringify({ errors }));
