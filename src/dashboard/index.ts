export type { GuardOptions } from './guard.js';
export { type DashboardHandler, type DashboardOptions, dashboardHandler } from './handler.js';
export { type DashboardServer, type DashboardServerOptions, startDashboard } from './server.js';
