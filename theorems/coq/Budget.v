(* A cross-entropy budget has one positive root: by
   convexity the increase outgrows every bound. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Concepts
  CrossEntropy Bounds.
Open Scope R_scope.

Section Budget.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).

Lemma increase_unbounded k : varies V M -> exists x, 0 < x /\ k < increase x.
Proof.
  intros M_varies.
  pose proof (increase_grows V js w p M p_laws w_weights M_varies 0 1
      ltac:(lra) ltac:(lra)) as increase_1_positive.
  rewrite increase_zero in increase_1_positive by assumption.
  set (x := 2 + Rabs k / increase 1). exists x.
  assert (0 <= Rabs k / increase 1) by (apply Rmult_le_pos;
      [apply Rabs_pos|left; apply Rinv_0_lt_compat; exact increase_1_positive]).
  assert (x_ge_2 : 2 <= x) by (unfold x; lra). split; [lra|].
  assert (inverse_between : 0 < / x < 1).
  { split; [apply Rinv_0_lt_compat; lra|]. rewrite <- Rinv_1.
    apply Rinv_lt_contravar; lra. }
  pose proof (increase_convex V js w p M p_laws w_weights M_varies 0 x (1
      - / x) ltac:(lra) ltac:(lra)) as C.
  rewrite increase_zero in C by assumption.
  replace ((1 - / x) * 0 + (1 - (1 - / x)) * x) with 1 in C by (field; lra).
  replace ((1 - / x) * 0 + (1 - (1 - / x)) * increase x)
    with (increase x / x) in C by (field; lra).
  apply (Rmult_lt_compat_r x) in C; [|lra].
  replace (increase x / x * x) with (increase x) in C by (field; lra).
  replace (increase 1 * x) with (2 * increase 1 + Rabs k) in
    C by (unfold x; field; lra). pose proof (Rle_abs k). lra.
Qed.

Lemma budget_root k : varies V M -> 0 < k -> exists! a, 0 < a /\ increase a = k.
Proof.
  intros M_varies k_positive.
  destruct (increase_unbounded k M_varies) as [x [x_positive Lx]].
  destruct (intermediate_value increase 0 x k (increase_continuous V js w p M
      p_laws w_weights) x_positive) as [a [a_between Ea]].
  { rewrite increase_zero by assumption. lra. }
  exists a. split; [split; [lra|exact Ea]|]. intros b [b_positive Eb].
  destruct (Rtotal_order a b) as [L|[L|L]]; [|exact L|];
    apply (increase_grows V js w p M p_laws w_weights M_varies) in L; lra.
Qed.

Lemma budget_feasible k a b : varies V M -> 0 < a -> increase a = k ->
  increase b <= k -> b <= a.
Proof.
  intros M_varies a_positive Ea b_feasible.
  destruct (Rle_lt_dec b a) as [L|L]; [exact L|].
  apply (increase_grows V js w p M p_laws w_weights M_varies) in L; lra.
Qed.

Lemma budget_least k a range : ranges V M range -> 0 < range -> 0 < a ->
  increase a = k -> sqrt (8 * k) / range <= a.
Proof.
  intros M_ranges range_positive a_positive Ea.
  pose proof (hoeffding V js w p M range p_laws w_weights M_ranges a
      ltac:(lra)) as upper. rewrite Ea in upper.
  apply (Rmult_le_reg_r range); [exact range_positive|].
  replace (sqrt (8 * k) / range * range) with (sqrt (8 * k)) by (field; lra).
  rewrite <- (sqrt_pow2 (a * range)) by (apply Rmult_le_pos; lra).
  apply sqrt_le_1_alt.
  replace ((a * range) ^ 2) with (8 * (a ^ 2 * range ^ 2 / 8)) by field. lra.
Qed.
Lemma budget_strength : varies V M -> forall range k, ranges V M range ->
  0 < range -> 0 < k ->
  exists! a, (0 < a /\ increase a = k) /\ sqrt (8 * k) / range <= a /\
    (forall beta, 0 <= beta <= a -> increase beta <= k) /\
    (forall beta, increase beta <= k -> beta <= a).
Proof.
  intros M_varies range k M_ranges range_positive k_positive.
  destruct (budget_root k M_varies k_positive) as [a [[a_positive Ea] U]].
  exists a. split.
  - split; [split; assumption|].
    split; [exact (budget_least k a range M_ranges range_positive a_positive Ea)
        |]. split.
    + intros beta [beta_nonneg [beta_lt_a|beta_lt_a]];
        [|rewrite beta_lt_a, Ea; apply Rle_refl].
      rewrite <- Ea. left.
      apply (increase_grows V js w p M p_laws w_weights M_varies); assumption.
    + intros beta. exact (budget_feasible k a beta M_varies a_positive Ea).
  - intros c [c_root _]. exact (U c c_root).
Qed.

Lemma budget_best : forall T a k, proper T V -> separated T V M ->
  0 < a -> increase a = k ->
  forall j beta, In j js -> increase beta <= k ->
  mass V (p j) M T beta <= mass V (p j) M T a.
Proof.
  intros T a k T_proper T_separated a_positive Ea j beta j_in beta_feasible.
  assert (M_varies := separated_varies V M T T_proper T_separated).
  destruct (budget_feasible k a beta M_varies a_positive Ea beta_feasible)
    as [L|L]; [|rewrite L; apply Rle_refl].
  left.
  apply (separated_mass_increasing V (p j) M T
      (proj1 (p_laws j j_in)) T_proper T_separated). exact L.
Qed.

End Budget.
