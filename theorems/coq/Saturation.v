(* A positive margin: nu grows at least linearly, so every mass in (0, 1) is met once, and one half within bounds. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump Concepts.
Open Scope R_scope.

Section Saturation.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis Hp : positive V p.
Hypothesis HC : proper C V.

Notation inner := (members C V).
Notation outer := (members (outside C) V).
Notation nu_slope := (nu_slope V p M C).
Notation set_log_odds := (set_log_odds V p M C).

Lemma nu_slope_ge delta alpha : margin C V M delta -> delta <= nu_slope alpha.
Proof.
  intros H. destruct (highest_exists M outer (outer_nonempty V C HC)) as [c [[w [Hw Ew]] Hc]].
  assert (mean outer p M alpha <= c) by (apply mean_le; [apply (outer_positive V p C Hp)|apply (outer_nonempty V C HC)|exact Hc]).
  assert (c + delta <= mean inner p M alpha).
  { apply mean_ge; [apply (inner_positive V p C Hp)|apply (inner_nonempty V C HC)|]. intros z Hz.
    apply members_in in Hz. apply outside_in in Hw. rewrite <- Ew. apply H; tauto. }
  unfold nu_slope. lra.
Qed.

Lemma set_log_odds_steep delta range x y : margin C V M delta -> ranges V M range -> x <= y ->
  delta * (y - x) <= set_log_odds y - set_log_odds x <= range * (y - x).
Proof.
  intros Hd Hr [H|H]; [|subst; lra].
  destruct (mean_value _ _ (set_log_odds_derivative V p M C Hp HC) x y H) as [c [E _]]. rewrite E.
  pose proof (nu_slope_ge delta c Hd). pose proof (nu_slope_le V p M C Hp HC range c Hr) as U. apply abs_bounds in U.
  split; apply Rmult_le_compat_r; lra.
Qed.

Lemma margin_separated delta : 0 < delta -> margin C V M delta -> separated C V M.
Proof. intros Hd H y z Hy Hz Cy Cz. specialize (H y z Hy Hz Cy Cz). lra. Qed.

Lemma mass_reached delta range tau : 0 < delta -> margin C V M delta -> ranges V M range -> 0 < tau < 1 ->
  exists! a, mass V p M C a = tau.
Proof.
  intros Hd Hm Hr Ht. set (L := set_log_odds). set (x := (Rabs (logit tau - L 0) + 1) / delta).
  pose proof (Rabs_pos (logit tau - L 0)) as P. assert (Hx : 0 < x) by (apply Rdiv_lt_0_compat; lra).
  assert (Ex : delta * x = Rabs (logit tau - L 0) + 1) by (unfold x; field; lra).
  pose proof (set_log_odds_steep delta range 0 x Hm Hr ltac:(lra)) as U.
  pose proof (set_log_odds_steep delta range (- x) 0 Hm Hr ltac:(lra)) as D. fold L in U, D.
  pose proof (Rle_abs (logit tau - L 0)) as B1. pose proof (Rle_abs (- (logit tau - L 0))) as B2. rewrite Rabs_Ropp in B2.
  destruct (intermediate_value L (- x) x (logit tau)) as [a [_ Ea]].
  - intros t. eapply derivable_continuity, (set_log_odds_derivative V p M C Hp HC).
  - lra.
  - lra.
  - exists a. split.
    + rewrite (mass_logistic V p M C Hp HC). fold L. rewrite Ea. apply logistic_logit; exact Ht.
    + intros b Hb. pose proof (separated_mass_increasing V p M C Hp HC (margin_separated delta Hd Hm)) as Inc.
      assert (Ha : mass V p M C a = tau) by (rewrite (mass_logistic V p M C Hp HC); fold L; rewrite Ea; apply logistic_logit; exact Ht).
      destruct (Rtotal_order a b) as [H|[H|H]]; [|exact H|]; apply Inc in H; lra.
Qed.

(* Half saturation sits where nu = -r, between the two linear bounds on nu. *)
Lemma half_saturation delta range a : 0 < delta -> margin C V M delta -> ranges V M range ->
  mass V p M C a = 1 / 2 -> let r := logit (mass V p M C 0) in
  (r <= 0 -> - r / range <= a <= - r / delta) /\ (0 <= r -> - r / delta <= a <= - r / range) /\
  exists slope, derivable_pt_lim (mass V p M C) a slope /\ delta / 4 <= slope <= range / 4.
Proof.
  intros Hd Hm Hr Ha r.
  assert (E : set_log_odds a = 0).
  { rewrite <- (logit_mass V p M C Hp HC), Ha. unfold logit. replace (1 / 2 / (1 - 1 / 2)) with 1 by field. apply ln_1. }
  unfold r. rewrite (logit_mass V p M C Hp HC).
  assert (HR : delta <= range).
  { pose proof (nu_slope_ge delta 0 Hm). pose proof (nu_slope_le V p M C Hp HC range 0 Hr) as U. apply abs_bounds in U. lra. }
  assert (Q : forall c u, 0 < c -> u / c * c = u) by (intros; field; lra).
  repeat split.
  - destruct (Rle_lt_dec 0 a) as [L|L].
    + pose proof (set_log_odds_steep delta range 0 a Hm Hr L). apply (Rmult_le_reg_r range); [lra|]. rewrite Q; lra.
    + pose proof (set_log_odds_steep delta range a 0 Hm Hr ltac:(lra)). nra.
  - destruct (Rle_lt_dec 0 a) as [L|L].
    + pose proof (set_log_odds_steep delta range 0 a Hm Hr L). apply (Rmult_le_reg_r delta); [lra|]. rewrite Q; lra.
    + pose proof (set_log_odds_steep delta range a 0 Hm Hr ltac:(lra)). nra.
  - destruct (Rle_lt_dec a 0) as [L|L].
    + pose proof (set_log_odds_steep delta range a 0 Hm Hr L). apply (Rmult_le_reg_r delta); [lra|]. rewrite Q; lra.
    + pose proof (set_log_odds_steep delta range 0 a Hm Hr ltac:(lra)). nra.
  - destruct (Rle_lt_dec a 0) as [L|L].
    + pose proof (set_log_odds_steep delta range a 0 Hm Hr L). apply (Rmult_le_reg_r range); [lra|]. rewrite Q; lra.
    + pose proof (set_log_odds_steep delta range 0 a Hm Hr ltac:(lra)). nra.
  - exists (mass V p M C a * (1 - mass V p M C a) * nu_slope a). split; [apply (mass_derivative V p M C Hp HC)|].
    rewrite Ha. pose proof (nu_slope_ge delta a Hm). pose proof (nu_slope_le V p M C Hp HC range a Hr) as U. apply abs_bounds in U. lra.
Qed.
End Saturation.
