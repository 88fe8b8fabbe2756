/* What the toy model talks about: five concepts of twelve words. The first is the target, the second its opposite. */

export const CONCEPTS = ["joy", "gloom", "food", "sea", "tools"] as const;

export const WORDS: readonly string[][] = [
  ["happy", "glad", "merry", "jolly", "sunny", "cheery", "elated", "upbeat", "bright", "lively", "content", "radiant"],
  ["sad", "grim", "bleak", "dreary", "sullen", "morose", "tearful", "weary", "sorry", "bitter", "forlorn", "gloomy"],
  ["bread", "soup", "rice", "cake", "apple", "pasta", "cheese", "onion", "salad", "plum", "honey", "bean"],
  ["wave", "sail", "tide", "reef", "foam", "shore", "gull", "coral", "kelp", "harbour", "anchor", "buoy"],
  ["saw", "drill", "nail", "wrench", "file", "clamp", "rasp", "chisel", "lathe", "pliers", "vise", "awl"],
];
