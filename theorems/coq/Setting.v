(* Carrying facts about the tilt over to the paper's trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Concepts Model Dataset Signs.
Open Scope R_scope.

(* ---- The steered model is the tilt of its own distribution ---- *)

(* The setting determines its parameters: pass the hypothesis alone. *)
Section Setting.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat} {a b : A -> R}
  {p : J -> A -> R} {d : nat} {W : A -> nat -> R} {H : J -> nat -> R}
  {P N : list J} {target : nat}.
Hypothesis setting : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).

Lemma setting_law j : law V (p j).
Proof. exact (rates_law V kz kc a b p (setting_assumption setting) j). Qed.
Lemma setting_nonempty : V <> nil.
Proof. apply (paper_nonempty V kz target (setting_proper setting)). Qed.
Lemma setting_varies : varies V M.
Proof.
  apply (paper_varies V kz kc a b p P N target (setting_assumption setting)
      (setting_sets setting) (setting_proper setting)).
Qed.
Lemma setting_separated : separated T V M.
Proof.
  apply (steering_separated V kz kc a b p P N
      (setting_assumption setting) target (setting_sets setting)).
Qed.

Lemma setting_tilt j alpha z : In z V ->
  steered_law V d W H P N j alpha z = tilt V (p j) M alpha z.
Proof.
  intros z_in.
  apply steered_tilt; try assumption;
    [apply setting_nonempty|apply setting|apply (setting_sets setting)..].
Qed.

Lemma setting_increase j alpha z : In z V ->
  steered_increase V d W H P N p j z alpha =
    probability_increase V (p j) M z alpha.
Proof.
  intros z_in. unfold steered_increase, probability_increase.
  rewrite setting_tilt by exact z_in. reflexivity.
Qed.

Lemma setting_peak j z s : In z V ->
  (peak (fun alpha => tilt V (p j) M alpha z) s <->
    peak (steered_increase V d W H P N p j z) s).
Proof.
  intros z_in. apply (peak_shift_iff _ _ (p j z)). intros alpha.
  rewrite setting_increase by exact z_in. reflexivity.
Qed.

Lemma setting_concept j C alpha :
  steered_concept_increase V d W H P N p j C alpha =
    concept_increase V (p j) M C alpha.
Proof.
  apply average_ext. intros z z_in. apply members_in in z_in.
  apply setting_increase, z_in.
Qed.

Lemma setting_loss js w alpha :
  steered_loss_increase V d W H P N p js w alpha =
    cross_entropy_increase V js w p M alpha.
Proof.
  unfold steered_loss_increase, cross_entropy_increase, cross_entropy.
  f_equal; f_equal; apply sum_ext; intros j _;
    f_equal; apply sum_ext; intros z z_in.
  - rewrite setting_tilt by exact z_in. reflexivity.
  - rewrite (setting_trained setting) by exact z_in. reflexivity.
Qed.

(* The largest log-odds belongs to a target token, the smallest to another. *)
Lemma setting_top z top : highest V M top -> In z V -> M z = top ->
  kz z = target.
Proof.
  intros top_highest z_in E.
  destruct (Nat.eq_dec (kz z) target) as [K|K]; [exact K|]. exfalso.
  destruct (setting_proper setting) as [[y [y_in Ty]] _].
  pose proof (proj2 top_highest y y_in).
  pose proof (setting_separated z y z_in y_in (proj2 (Nat.eqb_neq _ _) K) Ty).
  lra.
Qed.
End Setting.

