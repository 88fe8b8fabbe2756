(* The threshold of Remark 3.4: below which eps its proof works. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Signs
  Paper.
Open Scope R_scope.

(* ---- One root for each ratio ---- *)

Section Root.
Variable G : R.
Hypothesis G_ge_2 : 2 <= G.

Notation last := ((G - 1) / G).

Lemma last_between : 0 < last < 1.
Proof.
  assert (last * G = G - 1) by (field; lra). split; nra.
Qed.

Lemma threshold_decreases x y : 0 < x -> x < y -> y <= last ->
  threshold G y < threshold G x.
Proof.
  intros x_positive x_lt_y y_le. pose proof last_between.
  apply threshold_decreasing; try lra. replace (1 + (G - 1)) with G by ring.
  exact y_le.
Qed.

Lemma threshold_last : threshold G last = 0.
Proof.
  unfold threshold. replace ((1 - last) * (G - 1) / last) with 1
    by (field; lra). rewrite ln_1. ring.
Qed.

(* With x = log((1 - eps) (G - 1) / eps) the threshold is
   (1 - 1/(G - 1 + e^x)) x, which runs from 0 to infinity. *)
Definition smoothing (x : R) : R := (G - 1) / (G - 1 + exp x).

Lemma smoothing_threshold x :
  threshold G (smoothing x) = (1 - / (G - 1 + exp x)) * x.
Proof.
  unfold threshold, smoothing. pose proof (exp_pos x).
  replace ((1 - (G - 1) / (G - 1 + exp x)) * (G - 1)
      / ((G - 1) / (G - 1 + exp x))) with (exp x) by (field; lra).
  rewrite ln_exp. f_equal. field. lra.
Qed.

Lemma smoothing_range x : 0 <= x -> 0 < smoothing x <= last.
Proof.
  intros x_nonneg. unfold smoothing. pose proof (exp_ineq1_le x).
  split; [apply Rdiv_lt_0_compat; lra|].
  apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra.
Qed.

Lemma threshold_meets v : 0 <= v ->
  exists eps, 0 < eps <= last /\ threshold G eps = v.
Proof.
  intros v_nonneg. set (f := fun x => (1 - / (G - 1 + exp x)) * x).
  assert (positive : forall x, 0 < G - 1 + exp x)
    by (intros x; pose proof (exp_pos x); lra).
  assert (Root : exists x, 0 <= x /\ f x = v).
  { destruct (Req_dec v 0) as [->|v_nonzero].
    - exists 0. split; [lra|unfold f; ring].
    - destruct (intermediate_value f 0 (2 * v + 1) v) as [x [x_between Ex]];
        [|lra| |exists x; split; [lra|exact Ex]].
      + intros x. apply continuity_pt_mult;
          [|apply derivable_continuous_pt, derivable_pt_id].
        apply continuity_pt_minus;
          [apply continuity_pt_const; intros ? ?; reflexivity|].
        apply continuity_pt_inv; [|apply Rgt_not_eq, positive].
        apply continuity_pt_plus;
          [apply continuity_pt_const; intros ? ?; reflexivity|].
        apply derivable_continuous_pt, derivable_pt_exp.
      + unfold f. pose proof (exp_ineq1_le (2 * v + 1)).
        assert (/ (G - 1 + exp (2 * v + 1)) <= / 2)
          by (apply Rinv_le_contravar; lra). split; nra. }
  destruct Root as [x [x_nonneg Ex]]. exists (smoothing x).
  split; [apply smoothing_range; exact x_nonneg|].
  rewrite smoothing_threshold. exact Ex.
Qed.

Lemma threshold_root ratio : 0 < ratio <= 1 ->
  (exists! eps0, 0 < eps0 <= last /\ threshold G eps0 = - ln ratio) /\
  forall eps0, 0 < eps0 <= last /\ threshold G eps0 = - ln ratio ->
    (eps0 < last <-> ratio < 1) /\
    forall eps, 0 < eps <= last ->
      (- ln ratio < threshold G eps <-> eps < eps0).
Proof.
  intros [ratio_positive ratio_le].
  assert (log_less : ratio < 1 -> ln ratio < 0)
    by (intros less; rewrite <- ln_1; apply ln_increasing; assumption).
  assert (log_one : ratio = 1 -> ln ratio = 0) by (intros ->; exact ln_1).
  assert (Less : forall x y, 0 < x <= last -> 0 < y <= last ->
      (threshold G y < threshold G x <-> x < y)).
  { intros x y x_between y_between. split; intros less.
    - destruct (Rlt_le_dec x y) as [L|[L|L]]; [exact L| |].
      + pose proof (threshold_decreases y x ltac:(lra) L ltac:(lra)). lra.
      + rewrite L in less. lra.
    - apply threshold_decreases; lra. }
  split.
  - destruct (threshold_meets (- ln ratio)) as [eps0 [eps0_between root]].
    { destruct ratio_le as [less|same];
        [specialize (log_less less)|specialize (log_one same)]; lra. }
    exists eps0. split; [split; assumption|].
    intros eps [eps_between same].
    destruct (Rtotal_order eps0 eps) as [L|[L|L]]; [|exact L|];
      apply Less in L; lra.
  - intros eps0 [eps0_between root]. pose proof last_between as last_range.
    split; [|intros eps eps_between; rewrite <- root; apply Less; assumption].
    rewrite <- Less, threshold_last, root by lra. split; intros less.
    + destruct ratio_le as [L|L]; [exact L|specialize (log_one L); lra].
    + specialize (log_less less). lra.
Qed.
End Root.

(* ---- The smallest ratio gamma / omega on a concept is at most 1 ---- *)

Lemma smallest_ratio {A} (l : list A) gamma omega :
  law l gamma -> law l omega -> exists ratio, 0 < ratio <= 1 /\
  forall z, In z l -> - ln (gamma z / omega z) <= - ln ratio.
Proof.
  intros [gamma_positive gamma_sum] [omega_positive omega_sum].
  assert (nonempty : l <> nil)
    by (intros ->; simpl in gamma_sum; lra).
  destruct (lowest_exists (fun z => gamma z / omega z) l nonempty)
    as [ratio [[y [y_in y_ratio]] ratio_below]].
  pose proof (gamma_positive y y_in). pose proof (omega_positive y y_in).
  assert (ratio_positive : 0 < ratio)
    by (rewrite <- y_ratio; apply Rdiv_lt_0_compat; assumption).
  exists ratio. split.
  - split; [exact ratio_positive|].
    assert (L : sum (fun z => ratio * omega z) l <= sum gamma l);
      [|rewrite sum_scal, omega_sum, gamma_sum in L; lra].
    apply sum_le. intros z z_in. specialize (ratio_below z z_in).
    pose proof (omega_positive z z_in).
    apply (Rmult_le_compat_r (omega z)) in ratio_below; [|lra].
    replace (gamma z / omega z * omega z) with (gamma z)
      in ratio_below by (field; lra). exact ratio_below.
  - intros z z_in. apply Ropp_le_contravar.
    destruct (ratio_below z z_in) as [less|<-]; [|apply Rle_refl].
    left. apply ln_increasing; assumption.
Qed.

(* So half the root, which is below (G - 1) / G also when gamma = omega,
   serves the whole concept. *)
Lemma threshold_exists {A} (l : list A) gamma omega G : 2 <= G ->
  law l gamma -> law l omega ->
  exists eps0, 0 < eps0 < (G - 1) / G /\
  forall z, In z l -> - ln (gamma z / omega z) <= threshold G eps0.
Proof.
  intros G_ge_2 gamma_law omega_law.
  destruct (smallest_ratio l gamma omega gamma_law omega_law)
    as [ratio [ratio_between ratio_below]].
  destruct (threshold_root G G_ge_2 ratio ratio_between)
    as [[root [[root_between meets] _]] Root].
  destruct (Root root (conj root_between meets)) as [_ Below].
  exists (root / 2). split; [lra|]. intros z z_in.
  specialize (ratio_below z z_in).
  apply Rle_trans with (1 := ratio_below). left. apply Below; lra.
Qed.

(* ---- Remark 3.4: eps0 depends on the shapes alone ---- *)

Lemma paper_threshold {A} (V : list A) kz G gamma omega target :
  (2 <= G)%nat -> (target < G)%nat -> on_concepts V kz G gamma ->
  on_concepts V kz G omega ->
  exists eps0, 0 < eps0 < (INR G - 1) / INR G /\
  forall eps, 0 < eps < eps0 ->
  forall (J : Type) (kc : J -> nat) a b p d W H P N,
  paper_setting V kz kc a b p d W H P N target ->
  gamma_omega V kz G gamma omega eps a b ->
  forall j z s, kc j <> target -> In z V -> kz z = target ->
  peak (steered_increase V d W H P N p j z) s -> below (finite 0) s.
Proof.
  intros G_ge_2 target_lt gamma_laws omega_laws.
  assert (real_G : 2 <= INR G) by (apply (le_INR 2); exact G_ge_2).
  destruct (threshold_exists (members (in_target kz target) V) gamma omega
      (INR G) real_G (gamma_laws target target_lt)
      (omega_laws target target_lt)) as [eps0 [eps0_between eps0_serves]].
  exists eps0. split; [exact eps0_between|].
  intros eps eps_between J kc a b p d W H P N setting
    [_ [_ [_ [_ rates_ab]]]].
  apply (paper_positive_peaks setting (INR G) gamma omega eps eps0);
    try assumption; try lra;
    try (apply gamma_laws; assumption); try (apply omega_laws; assumption).
  intros z z_in z_on. apply eps0_serves, members_in.
  split; [exact z_in|apply Nat.eqb_eq; exact z_on].
Qed.
