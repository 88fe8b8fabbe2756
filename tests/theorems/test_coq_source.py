"""The parser of Coq files on small ones; tests/proofs compares it with what coqc itself records."""

import pytest

from theorems._coq_dependencies import dependencies
from theorems._coq_source import read_items

SMALL = """(* A file. *)
From Coq Require Import Reals.

(* ---- Basics ---- *)

(* Of the first half. *)
Definition half (x : R) : R := x / 2.
Inductive side : Type := left_side | right_side.
Record pair : Prop := { first_part : half 1 = 1; second_part : True }.
Ltac quick := repeat (idtac; [.. | idtac]); lra.

Section One.
Variables (a b : R) (half_of : R -> R).
Hypothesis a_small : half a < 1.
Let twice := a + a.
Notation third := (half twice).

(* claim: x.y; a note. *)
Lemma local_lemma : twice = 2 * a.
Proof.
  (* mentions pair in a comment *) unfold twice. quick.
Qed.

Section Two.
Hypothesis b_small : local_lemma = local_lemma.
Lemma inner : third < 1.
Proof. destruct b_small. exact a_small. Qed.
End Two.

Lemma after_two : left_side = right_side.
Proof. exact second_part. Qed.
End One.

(* ==== Results ==== *)
Theorem last : forall half, half = half.
Proof. intros inner. apply local_lemma. Qed.
Lemma untyped (p : pair) half last : half = last.
Proof. apply quick. Qed.
"""


def items():
    return {item.name: item for item in read_items(SMALL)}


def test_every_item_is_read_with_its_kind_place_and_text():
    found = items()
    assert {name: item.kind for name, item in found.items()} == {
        "half": "Definition",
        "side": "Inductive",
        "pair": "Record",
        "quick": "Ltac",
        "local_lemma": "Lemma",
        "inner": "Lemma",
        "after_two": "Lemma",
        "last": "Theorem",
        "untyped": "Lemma",
    }
    lines = SMALL.splitlines()
    for name, item in found.items():
        assert lines[item.line - 1].startswith(f"{item.kind} {name}")
        assert item.statement in SMALL
        assert item.proof in SMALL
        assert item.proof.startswith("Proof.") is item.proof.endswith("Qed.") is bool(item.proof)
    assert found["half"].comment == "(* Of the first half. *)"
    assert [name for name, item in found.items() if item.comment] == ["half"]
    assert (found["half"].section, found["last"].section) == ("basics", "results")
    assert found["half"].statement == "Definition half (x : R) : R := x / 2."
    assert found["quick"].statement.endswith("lra.")
    assert found["inner"].proof == "Proof. destruct b_small. exact a_small. Qed."
    assert {found[name].heading for name in ("half", "inner", "after_two")} == {"Basics"}
    assert found["last"].heading == "Results"
    assert (found["local_lemma"].claims, found["inner"].claims) == (("x.y",), ())


def test_sections_end_where_they_end():
    found = items()
    assert found["half"].declared == found["last"].declared == ()
    assert "Hypothesis b_small" in found["inner"].preamble
    assert "Hypothesis b_small" not in found["after_two"].preamble
    assert "Hypothesis a_small : half a < 1." in found["after_two"].declared


def test_what_an_item_names_it_uses_unless_the_name_is_bound():
    found = dependencies({"F": read_items(SMALL)})
    assert all(key.startswith("F.") for used in found.values() for key in used)
    assert {key[2:]: {name[2:] for name in used} for key, used in found.items()} == {
        "half": set(),
        "side": set(),
        "pair": {"half"},
        "quick": set(),
        "local_lemma": {"quick"},
        # by way of a notation and of two hypotheses
        "inner": {"half", "local_lemma"},
        # a constructor and a field stand for their type
        "after_two": {"side", "pair"},
        # half is bound by forall, inner by intros
        "last": {"local_lemma"},
        # arguments without a type; that of p is a type above
        "untyped": {"pair", "quick"},
    }


def test_an_item_uses_only_what_is_above_it():
    text = "Lemma a : b.\nProof. exact b. Qed.\nLemma b : a.\nProof. exact a. Qed.\n"
    assert dependencies({"F": read_items(text)}) == {"F.a": (), "F.b": ("F.a",)}


def test_a_name_stands_for_the_last_item_so_called():
    first, second = (
        read_items("Definition a := 1.\n"),
        read_items("Lemma b : a.\nProof. done. Qed.\n"),
    )
    third = read_items("Lemma a : 0.\nProof. exact a. Qed.\nLemma b : a.\nProof. done. Qed.\n")
    assert dependencies({"F": first, "G": second, "H": third}) == {
        "F.a": (),
        "G.b": ("F.a",),
        "H.a": ("F.a",),
        "H.b": ("H.a",),
    }


@pytest.mark.parametrize(
    "text",
    [
        "Lemma open : 0 = 0.\n",
        "Lemma open : 0 = 0.\nProof.\nring.\n",
        "Lemma open : 0 = 0.\nProof. ring. Admitted.\nLemma b : 1 = 1.\nProof. ring. Qed.\n",
        "Lemma open : 0 = 0.\nring.\nQed.\n",
    ],
)
def test_a_lemma_without_a_whole_proof_is_an_error(text):
    with pytest.raises(ValueError, match="without Proof or Qed: Lemma open"):
        read_items(text)


def test_two_items_of_one_name_in_a_file_are_an_error():
    with pytest.raises(ValueError, match=r"two items are called F\.a"):
        dependencies({"F": read_items("Definition a := 1.\nDefinition a := 2.\n")})
