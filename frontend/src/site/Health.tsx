/** Health. */
export { Overview as Health } from "../health/Overview";
