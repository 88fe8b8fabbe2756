(* A positive margin: nu grows at least linearly, so every
   mass in (0, 1) is met once, and one half within bounds. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Bump Concepts.
Open Scope R_scope.

Section Saturation.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_positive : positive V p.
Hypothesis C_proper : proper C V.

Notation inner := (members C V).
Notation outer := (members (outside C) V).
Notation nu_slope := (nu_slope V p M C).
Notation set_log_odds := (set_log_odds V p M C).

Lemma nu_slope_ge delta alpha : margin C V M delta -> delta <= nu_slope alpha.
Proof.
  intros C_margin.
  destruct (highest_exists M outer (outer_nonempty V C C_proper))
    as [c [[w [w_in Ew]] outer_below]].
  assert (mean outer p M alpha <= c)
    by (apply mean_le; [apply (outer_positive V p C p_positive)
      |apply (outer_nonempty V C C_proper)|exact outer_below]).
  assert (c + delta <= mean inner p M alpha).
  { apply mean_ge; [apply (inner_positive V p C p_positive)
        |apply (inner_nonempty V C C_proper)|]. intros z z_in.
    apply members_in in z_in. apply outside_in in w_in. rewrite <- Ew.
    apply C_margin; tauto. }
  unfold nu_slope. lra.
Qed.

Lemma set_log_odds_steep delta range x y : margin C V M delta ->
  ranges V M range -> x <= y ->
  delta * (y - x) <= set_log_odds y - set_log_odds x <= range * (y - x).
Proof.
  intros C_margin M_ranges [x_lt_y|x_lt_y]; [|subst; lra].
  destruct (mean_value _ _ (set_log_odds_derivative V p M C p_positive C_proper)
      x y x_lt_y) as [c [E _]]. rewrite E.
  pose proof (nu_slope_ge delta c C_margin).
  pose proof (nu_slope_le V p M C p_positive C_proper range c M_ranges) as U.
  apply abs_bounds in U. split; apply Rmult_le_compat_r; lra.
Qed.

Lemma margin_separated delta : 0 < delta -> margin C V M delta ->
  separated C V M.
Proof.
  intros delta_positive C_margin y z y_in z_in Cy Cz.
  specialize (C_margin y z y_in z_in Cy Cz). lra.
Qed.

Lemma mass_reached delta range tau : 0 < delta -> margin C V M delta ->
  ranges V M range -> 0 < tau < 1 ->
  exists! a, mass V p M C a = tau.
Proof.
  intros delta_positive C_margin M_ranges tau_between. set (L := set_log_odds).
  set (x := (Rabs (logit tau - L 0) + 1) / delta).
  pose proof (Rabs_pos (logit tau - L 0)) as P.
  assert (x_positive : 0 < x) by (apply Rdiv_lt_0_compat; lra).
  assert (Ex : delta * x = Rabs (logit tau - L 0) + 1)
    by (unfold x; field; lra).
  pose proof
    (set_log_odds_steep delta range 0 x C_margin M_ranges ltac:(lra)) as U.
  pose proof
    (set_log_odds_steep delta range (- x) 0 C_margin M_ranges ltac:(lra)) as D.
  fold L in U, D.
  pose proof (Rle_abs (logit tau - L 0)) as B1.
  pose proof (Rle_abs (- (logit tau - L 0))) as B2. rewrite Rabs_Ropp in B2.
  destruct (intermediate_value L (- x) x (logit tau)) as [a [_ Ea]].
  - intros t.
    eapply derivable_continuity,
      (set_log_odds_derivative V p M C p_positive C_proper).
  - lra.
  - lra.
  - exists a. split.
    + rewrite (mass_logistic V p M C p_positive C_proper). fold L. rewrite Ea.
      apply logistic_logit; exact tau_between.
    + intros b b_reaches.
      pose proof (separated_mass_increasing V p M C p_positive C_proper
          (margin_separated delta delta_positive C_margin)) as Inc.
      assert (a_reaches : mass V p M C a = tau)
        by (rewrite (mass_logistic V p M C p_positive C_proper); fold L;
          rewrite Ea; apply logistic_logit; exact tau_between).
      destruct (Rtotal_order a b) as [order|[order|order]]; [|exact order|];
        apply Inc in order; lra.
Qed.

(* Separated log-odds have a margin, since tokens are finitely many. *)
Lemma separated_margin : separated C V M ->
  exists delta range, 0 < delta /\ margin C V M delta /\ ranges V M range.
Proof.
  intros C_separated.
  destruct (highest_exists M outer (outer_nonempty V C C_proper))
    as [low [[y [y_in Ey]] outer_below]].
  destruct (lowest_exists M inner (inner_nonempty V C C_proper))
    as [high [[z [z_in Ez]] inner_above]].
  assert (V_nonempty := whole_nonempty V C C_proper).
  destruct (highest_exists M V V_nonempty) as [top [_ top_above]].
  destruct (lowest_exists M V V_nonempty) as [bottom [_ bottom_below]].
  exists (high - low), (top - bottom). split; [|split].
  - apply outside_in in y_in. apply members_in in z_in.
    assert (M y < M z) by (apply C_separated; tauto). lra.
  - intros u v u_in v_in Cu Cv.
    pose proof (outer_below u (proj2 (outside_in C V u) (conj u_in Cu))).
    pose proof (inner_above v (proj2 (members_in C V v) (conj v_in Cv))). lra.
  - intros u v u_in v_in. pose proof (top_above v v_in).
    pose proof (bottom_below u u_in). lra.
Qed.

Lemma separated_reached tau : separated C V M -> 0 < tau < 1 ->
  exists! a, mass V p M C a = tau.
Proof.
  intros C_separated.
  destruct (separated_margin C_separated) as [delta [range [? []]]].
  apply (mass_reached delta range); assumption.
Qed.

(* Half saturation is where nu = -r, between the two linear bounds on nu. *)
Lemma half_saturation delta range a : 0 < delta -> margin C V M delta ->
  ranges V M range ->
  mass V p M C a = 1 / 2 -> let r := logit (mass V p M C 0) in
  (r <= 0 -> - r / range <= a <= - r / delta) /\
  (0 <= r -> - r / delta <= a <= - r / range) /\
  exists slope, derivable_pt_lim (mass V p M C) a slope /\
  delta / 4 <= slope <= range / 4.
Proof.
  intros delta_positive C_margin M_ranges a_reaches r.
  assert (E : set_log_odds a = 0).
  { rewrite <- (logit_mass V p M C p_positive C_proper), a_reaches.
    unfold logit. replace (1 / 2 / (1 - 1 / 2)) with 1 by field. apply ln_1. }
  unfold r. rewrite (logit_mass V p M C p_positive C_proper).
  assert (delta_le_range : delta <= range).
  { pose proof (nu_slope_ge delta 0 C_margin).
    pose proof (nu_slope_le V p M C p_positive C_proper range 0 M_ranges) as U.
    apply abs_bounds in U. lra. }
  assert (Q : forall c u, 0 < c -> u / c * c = u) by (intros; field; lra).
  repeat split.
  - destruct (Rle_lt_dec 0 a) as [L|L].
    + pose proof (set_log_odds_steep delta range 0 a C_margin M_ranges L).
      apply (Rmult_le_reg_r range); [lra|]. rewrite Q; lra.
    + pose proof
        (set_log_odds_steep delta range a 0 C_margin M_ranges ltac:(lra)). nra.
  - destruct (Rle_lt_dec 0 a) as [L|L].
    + pose proof (set_log_odds_steep delta range 0 a C_margin M_ranges L).
      apply (Rmult_le_reg_r delta); [lra|]. rewrite Q; lra.
    + pose proof
        (set_log_odds_steep delta range a 0 C_margin M_ranges ltac:(lra)). nra.
  - destruct (Rle_lt_dec a 0) as [L|L].
    + pose proof (set_log_odds_steep delta range a 0 C_margin M_ranges L).
      apply (Rmult_le_reg_r delta); [lra|]. rewrite Q; lra.
    + pose proof
        (set_log_odds_steep delta range 0 a C_margin M_ranges ltac:(lra)). nra.
  - destruct (Rle_lt_dec a 0) as [L|L].
    + pose proof (set_log_odds_steep delta range a 0 C_margin M_ranges L).
      apply (Rmult_le_reg_r range); [lra|]. rewrite Q; lra.
    + pose proof
        (set_log_odds_steep delta range 0 a C_margin M_ranges ltac:(lra)). nra.
  - exists (mass V p M C a * (1 - mass V p M C a) * nu_slope a).
    split; [apply (mass_derivative V p M C p_positive C_proper)|].
    rewrite a_reaches. pose proof (nu_slope_ge delta a C_margin).
    pose proof (nu_slope_le V p M C p_positive C_proper range a M_ranges) as U.
    apply abs_bounds in U. lra.
Qed.

Lemma half_saturation_unique delta range : 0 < delta -> margin C V M delta ->
  ranges V M range -> let r := logit (mass V p M C 0) in
  exists a, unique (fun x => mass V p M C x = 1 / 2) a /\
  (r <= 0 -> - r / range <= a <= - r / delta) /\
  (0 <= r -> - r / delta <= a <= - r / range) /\
  exists slope, derivable_pt_lim (mass V p M C) a slope /\
  delta / 4 <= slope <= range / 4.
Proof.
  intros delta_positive C_margin M_ranges r.
  destruct (mass_reached delta range (1 / 2) delta_positive C_margin M_ranges
      ltac:(lra)) as [a a_unique].
  exists a. split; [exact a_unique|].
  apply half_saturation; try assumption. exact (proj1 a_unique).
Qed.
End Saturation.
