(* Carrying facts about the tilt over to the paper's trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump CrossEntropy Concepts Model Dataset Signs.
Open Scope R_scope.

(* ---- The steered model is the tilt of its own law ---- *)

(* The setting determines its parameters: pass the hypothesis alone. *)
Section Setting.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat} {a b : A -> R} {p : J -> A -> R}
  {d : nat} {W : A -> nat -> R} {H : J -> nat -> R} {P N : list J} {target : nat}.
Hypothesis HS : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).

Lemma setting_law j : law V (p j). Proof. exact (rates_law V kz kc a b p (setting_assumption HS) j). Qed.
Lemma setting_nonempty : V <> nil. Proof. apply (paper_nonempty V kz target (setting_proper HS)). Qed.
Lemma setting_varies : varies V M.
Proof. apply (paper_varies V kz kc a b p P N target (setting_assumption HS) (setting_sets HS) (setting_proper HS)). Qed.
Lemma setting_separated : separated T V M.
Proof. apply (steering_separated V kz kc a b p P N (setting_assumption HS) target (setting_sets HS)). Qed.

Lemma setting_tilt j alpha z : In z V -> steered_law V d W H P N j alpha z = tilt V (p j) M alpha z.
Proof. intros Hz. apply steered_tilt; try assumption; [apply setting_nonempty|apply HS|apply (setting_sets HS)..]. Qed.

Lemma setting_increase j alpha z : In z V ->
  steered_increase V d W H P N p j z alpha = probability_increase V (p j) M z alpha.
Proof. intros Hz. unfold steered_increase, probability_increase. rewrite setting_tilt by exact Hz. reflexivity. Qed.

Lemma setting_peak j z s : In z V ->
  (peak (fun alpha => tilt V (p j) M alpha z) s <-> peak (steered_increase V d W H P N p j z) s).
Proof. intros Hz. apply (peak_shift_iff _ _ (p j z)). intros alpha. rewrite setting_increase by exact Hz. reflexivity. Qed.

Lemma setting_concept j C alpha :
  steered_concept_increase V d W H P N p j C alpha = concept_increase V (p j) M C alpha.
Proof. apply average_ext. intros z Hz. apply members_in in Hz. apply setting_increase, Hz. Qed.

Lemma setting_loss js w alpha :
  steered_loss_increase V d W H P N p js w alpha = cross_entropy_increase V js w p M alpha.
Proof.
  unfold steered_loss_increase, cross_entropy_increase, cross_entropy. f_equal; f_equal; apply sum_ext; intros j _;
    f_equal; apply sum_ext; intros z Hz.
  - rewrite setting_tilt by exact Hz. reflexivity.
  - rewrite (setting_trained HS) by exact Hz. reflexivity.
Qed.

(* The largest log-odds belongs to a target token, the smallest to another. *)
Lemma setting_top z top : highest V M top -> In z V -> M z = top -> kz z = target.
Proof.
  intros Ht Hz E. destruct (Nat.eq_dec (kz z) target) as [K|K]; [exact K|]. exfalso.
  destruct (setting_proper HS) as [[y [Hy Ty]] _]. pose proof (proj2 Ht y Hy).
  pose proof (setting_separated z y Hz Hy (proj2 (Nat.eqb_neq _ _) K) Ty). lra.
Qed.
End Setting.

