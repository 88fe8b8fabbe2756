/* Which of the project's files a text is. */

export const READS = "this page reads an instance or a certificate of ufm certify, and recording.json of ufm llm";

/** "instance" or "recording", which the page reads; else what it is, in words that follow "This file cannot be shown". */
export function whatIs(source: string): string {
  let found: any;
  try {
    found = JSON.parse(source);
  } catch {
    return "this file is not JSON";
  }
  if (found?.format === "ufm recording 1") return "recording";
  if (found?.laws && found?.summary) return "this is report.json: drop recording.json of the same folder";
  const record = found?.instance ?? found;
  if (record?.head) return "it is a head behind a norm, which ufm certify reads";
  if (record?.context_concept && !record.target) return "it is a table of probabilities, which ufm verify --table reads";
  return record?.in_concept || record?.next_token_probs ? "instance" : "it is another JSON file";
}
