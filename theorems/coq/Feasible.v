(* A target mass is reached at one strength, and
   a budget allows it iff that strength is paid for. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Bump Concepts Saturation CrossEntropy Bounds Budget.
Open Scope R_scope.

Section Feasible.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R) (T : A -> bool).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Hypothesis T_proper : proper T V.
Hypothesis T_separated : separated T V M.

Notation increase := (cross_entropy_increase V js w p M).
Notation pooled := (pooled_mass V js w p M T).

Lemma one_mass_increasing j : In j js -> increasing (mass V (p j) M T).
Proof.
  intros j_in.
  exact (separated_mass_increasing V (p j) M T (proj1 (p_laws j j_in)) T_proper
      T_separated).
Qed.

Lemma pooled_mass_increasing : increasing pooled.
Proof.
  intros x y x_lt_y. destruct w_weights as [w_positive _].
  assert (L : forall j, In j js ->
      w j * mass V (p j) M T x < w j * mass V (p j) M T y)
    by (intros j j_in; apply Rmult_lt_compat_l;
      [exact (w_positive j j_in)|apply one_mass_increasing; assumption]).
  apply sum_lt; [intros j j_in; left; exact (L j j_in)|].
  destruct (nonempty_in js (js_nonempty js w w_weights)) as [j j_in].
  exists j. auto.
Qed.

Lemma pooled_mass_continuous : continuity pooled.
Proof.
  intros x. eapply derivable_continuity.
  apply (derivable_sum (fun t j => w j * mass V (p j) M T t)). intros j j_in.
  apply derivable_scal.
  apply (mass_derivative V (p j) M T (proj1 (p_laws j j_in)) T_proper).
Qed.

(* Far enough out every context is past tau. *)
Lemma all_past tau l : 0 < tau < 1 -> (forall j, In j l -> In j js) ->
  exists lo hi, lo < hi /\ forall j, In j l ->
  mass V (p j) M T lo < tau < mass V (p j) M T hi.
Proof.
  intros tau_between. induction l as [|i l IH]; intros l_in.
  - exists 0, 1. split; [lra|]. contradiction.
  - destruct IH as [lo [hi [lo_lt_hi between]]];
      [intros; apply l_in; right; assumption|].
    assert (i_in := l_in i (or_introl eq_refl)).
    destruct (separated_reached V (p i) M T (proj1 (p_laws i i_in)) T_proper tau
        T_separated tau_between) as [a [Ea _]].
    pose proof (Rmin_l lo (a - 1)). pose proof (Rmin_r lo (a - 1)).
    pose proof (Rmax_l hi (a + 1)). pose proof (Rmax_r hi (a + 1)).
    exists (Rmin lo (a - 1) - 1), (Rmax hi (a + 1) + 1). split; [lra|].
    intros j [<-|j_in].
    + rewrite <- Ea. split; apply (one_mass_increasing i i_in); lra.
    + specialize (between j j_in).
      assert (Inc := one_mass_increasing j (l_in j (or_intror j_in))).
      pose proof (Inc (Rmin lo (a - 1) - 1) lo ltac:(lra)).
      pose proof (Inc hi (Rmax hi (a + 1) + 1) ltac:(lra)). lra.
Qed.

Lemma pooled_mass_reached tau : 0 < tau < 1 -> exists! a, pooled a = tau.
Proof.
  intros tau_between. destruct w_weights as [w_positive w_sum].
  destruct (all_past tau js tau_between (fun j j_in => j_in))
    as [lo [hi [lo_lt_hi between]]].
  assert (Tau : tau = sum (fun j => w j * tau) js)
    by (rewrite sum_scal_r, w_sum; ring).
  destruct (nonempty_in js (js_nonempty js w w_weights)) as [i i_in].
  assert (L : pooled lo < tau < pooled hi).
  { rewrite Tau. split; apply sum_lt.
    1, 3: intros j j_in; left; apply Rmult_lt_compat_l;
      [exact (w_positive j j_in)|apply (between j j_in)].
    all: exists i; split; [exact i_in|]; apply Rmult_lt_compat_l;
      [exact (w_positive i i_in)|apply (between i i_in)]. }
  destruct (intermediate_value pooled lo hi tau pooled_mass_continuous lo_lt_hi
      L) as [a [_ Ea]].
  exists a. split; [exact Ea|]. intros b Eb.
  destruct (Rtotal_order a b) as [order|[order|order]]; [|exact order|];
    apply pooled_mass_increasing in order; lra.
Qed.

(* What holds of any gain that increases with the strength. *)
Lemma gain_feasible gain tau k : increasing gain -> 0 <= k ->
  (exists! a, gain a = tau) ->
  exists a, unique (fun x => gain x = tau) a /\
  (gain 0 <= tau ->
    0 <= a /\ (feasible increase gain k tau <-> increase a <= k)) /\
  (tau <= gain 0 -> a <= 0 /\ feasible increase gain k tau).
Proof.
  intros gain_increasing k_nonneg [a [Ea a_unique]].
  exists a. split; [split; assumption|].
  assert (Inc : forall x y, gain x <= gain y -> x <= y).
  { intros x y gain_le. destruct (Rle_lt_dec x y) as [L|L]; [exact L|].
    apply gain_increasing in L. lra. }
  split.
  - intros tau_ge. assert (a_nonneg : 0 <= a) by (apply Inc; lra).
    split; [exact a_nonneg|]. split.
    + intros [alpha [cost enough]].
      assert (a_le : a <= alpha) by (apply Inc; lra).
      apply Rle_trans with (2 := cost).
      destruct a_le as [L| ->]; [left|apply Rle_refl].
      apply (increase_grows V js w p M p_laws w_weights); try assumption.
      exact (separated_varies V M T T_proper T_separated).
    + intros cost. exists a. split; [exact cost|rewrite Ea; apply Rle_refl].
  - intros tau_le. split; [apply Inc; lra|].
    exists 0. split; [|exact tau_le].
    rewrite (increase_zero V js w p M p_laws w_weights). exact k_nonneg.
Qed.

Lemma mass_feasible tau k j : In j js -> 0 < tau < 1 -> 0 <= k ->
  let gain := mass V (p j) M T in
  exists a, unique (fun x => gain x = tau) a /\
  (gain 0 <= tau ->
    0 <= a /\ (feasible increase gain k tau <-> increase a <= k)) /\
  (tau <= gain 0 -> a <= 0 /\ feasible increase gain k tau).
Proof.
  intros j_in tau_between k_nonneg gain.
  apply gain_feasible; [exact (one_mass_increasing j j_in)|exact k_nonneg|].
  apply (separated_reached V (p j) M T (proj1 (p_laws j j_in)) T_proper);
    assumption.
Qed.

Lemma pooled_feasible tau k : 0 < tau < 1 -> 0 <= k ->
  exists a, unique (fun x => pooled x = tau) a /\
  (pooled 0 <= tau ->
    0 <= a /\ (feasible increase pooled k tau <-> increase a <= k)) /\
  (tau <= pooled 0 -> a <= 0 /\ feasible increase pooled k tau).
Proof.
  intros tau_between k_nonneg.
  apply gain_feasible; [exact pooled_mass_increasing|exact k_nonneg|].
  exact (pooled_mass_reached tau tau_between).
Qed.
End Feasible.
