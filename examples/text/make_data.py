#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes up what people say to a phone, with what they want, as a CSV file: python3 make_data.py DIR [NUMBER]. Needs nothing but Python."""
import argparse
import csv
import os
import random

TIMES = ["six", "seven thirty", "noon", "ten to eight", "five minutes", "an hour", "tomorrow morning"]
PEOPLE = ["Anna", "Jun", "my mother", "the office", "Dr. Weber", "Maria's sister", "grandpa"]
MUSIC = ["jazz", "the new album", "something calm", "my running list", "Bach", "songs from the nineties"]
PLACES = ["here", "Lisbon", "the mountains", "Kyoto", "the weekend", "my sister's place"]
INTENTS = {
    "alarm": ["set an alarm for {}", "wake me up at {}", "remind me in {} to leave", "I have to get up at {}", "let it ring in {}"],
    "call": ["call {}", "ring {} please", "I want to talk to {}", "get me {} on the phone", "is {} reachable, try it"],
    "music": ["play {}", "put on {}", "I want to hear {}", "more of {} please", "let it be {} tonight"],
    "weather": ["what is the weather in {}", "will it rain in {}", "do I need a coat for {}", "how warm is it in {}", "is it windy in {}"],
}
OF = {"alarm": TIMES, "call": PEOPLE, "music": MUSIC, "weather": PLACES}
BEFORE = ["", "", "", "hey, ", "please ", "could you ", "ok now ", "quick: "]


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("directory", help="gets the files")
  parser.add_argument("number", nargs="?", type=int, default=3000, help="how many examples (default: %(default)s)")
  args = parser.parse_args()
  directory, number = args.directory, args.number
  rng = random.Random(1)
  os.makedirs(directory, exist_ok=True)
  with open(os.path.join(directory, "said.csv"), "w", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(["id", "text", "intent"])
    for i in range(number):
      intent = rng.choice(sorted(INTENTS))
      text = rng.choice(BEFORE) + rng.choice(INTENTS[intent]).format(rng.choice(OF[intent]))
      if rng.random() < 0.2:  # A word that was not understood.
        text = text.replace(rng.choice(text.split()), f"w{rng.randrange(1000)}", 1)
      if rng.random() < 0.02:  # What nobody can know.
        intent = rng.choice(sorted(INTENTS))
      writer.writerow([i, text, intent])


main()
