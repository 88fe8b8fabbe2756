(* Theorem 3.6: the mass of a set of tokens is a logistic function of nu, a difference of two log-partitions. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump.
Open Scope R_scope.

Section Mass.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis Hp : positive V p.
Hypothesis HC : proper C V.

Notation inner := (members C V).
Notation outer := (members (outside C) V).
Notation Zin := (partition inner p M).
Notation Zout := (partition outer p M).

Lemma inner_nonempty : inner <> nil. Proof. apply members_nonempty, HC. Qed.
Lemma outer_nonempty : outer <> nil. Proof. apply members_nonempty, HC. Qed.

Lemma inner_positive : positive inner p.
Proof. intros z Hz. apply members_in in Hz. apply Hp, Hz. Qed.
Lemma outer_positive : positive outer p.
Proof. intros z Hz. apply outside_in in Hz. apply Hp, Hz. Qed.

Lemma whole_nonempty : V <> nil.
Proof. destruct HC as [[z [Hz _]] _]. intros E. rewrite E in Hz. exact Hz. Qed.

Lemma Zin_pos alpha : 0 < Zin alpha.
Proof. apply partition_pos; [apply inner_positive|apply inner_nonempty]. Qed.
Lemma Zout_pos alpha : 0 < Zout alpha.
Proof. apply partition_pos; [apply outer_positive|apply outer_nonempty]. Qed.

Lemma mass_ratio alpha : mass V p M C alpha = Zin alpha / (Zin alpha + Zout alpha).
Proof.
  unfold mass, tilt. rewrite sum_div. unfold partition at 1. rewrite (sum_split C _ V). reflexivity.
Qed.

Lemma mass_outside alpha : mass V p M (outside C) alpha = 1 - mass V p M C alpha.
Proof.
  rewrite <- (tilt_sum V p M Hp whole_nonempty alpha), (sum_split C _ V). unfold mass. ring.
Qed.

(* The log-odds of the set, and its change nu. *)
Definition set_log_odds (alpha : R) : R := log_partition inner p M alpha - log_partition outer p M alpha.
Definition nu (alpha : R) : R := set_log_odds alpha - set_log_odds 0.
Definition nu_slope (alpha : R) : R := mean inner p M alpha - mean outer p M alpha.

Lemma set_log_odds_exp alpha : exp (set_log_odds alpha) = Zin alpha / Zout alpha.
Proof.
  unfold set_log_odds, log_partition, Rminus.
  rewrite exp_plus, exp_Ropp, !exp_ln by (apply Zin_pos || apply Zout_pos). reflexivity.
Qed.

Definition logistic (x : R) : R := exp x / (1 + exp x).

Lemma mass_logistic alpha : mass V p M C alpha = logistic (set_log_odds alpha).
Proof.
  unfold logistic. rewrite mass_ratio, set_log_odds_exp. pose proof (Zin_pos alpha). pose proof (Zout_pos alpha).
  field. lra.
Qed.

Lemma logistic_range x : 0 < logistic x < 1.
Proof.
  unfold logistic. pose proof (exp_pos x). split; [apply Rdiv_lt_0_compat; lra|].
  apply (Rmult_lt_reg_r (1 + exp x)); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Lemma logistic_increasing x y : x < y -> logistic x < logistic y.
Proof.
  intros H. apply exp_increasing in H. unfold logistic. pose proof (exp_pos x). pose proof (exp_pos y).
  replace (exp x / (1 + exp x)) with (1 - / (1 + exp x)) by (field; lra).
  replace (exp y / (1 + exp y)) with (1 - / (1 + exp y)) by (field; lra).
  assert (/ (1 + exp y) < / (1 + exp x)) by (apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra). lra.
Qed.

Lemma logistic_injective x y : logistic x = logistic y -> x = y.
Proof.
  intros H. destruct (Rtotal_order x y) as [L|[L|L]]; [|exact L|]; apply logistic_increasing in L; lra.
Qed.

Lemma logistic_logit t : 0 < t < 1 -> logistic (logit t) = t.
Proof.
  intros Ht. unfold logistic, logit. rewrite exp_ln by (apply Rdiv_lt_0_compat; lra). field. lra.
Qed.

Lemma logit_mass alpha : logit (mass V p M C alpha) = set_log_odds alpha.
Proof.
  apply logistic_injective. rewrite logistic_logit; [apply mass_logistic|].
  rewrite mass_logistic. apply logistic_range.
Qed.

Lemma logistic_tanh x : logistic x = (1 + tanh (x / 2)) / 2.
Proof.
  unfold logistic, tanh, sinh, cosh. set (t := exp (x / 2)). assert (0 < t) by apply exp_pos.
  replace (exp x) with (t * t). 2: { unfold t. rewrite <- exp_plus. f_equal. field. }
  rewrite exp_Ropp. fold t. assert (0 < t * t) by (apply Rmult_lt_0_compat; lra). field. repeat split; nra.
Qed.

Lemma concept_increase_mass alpha : sum p V = 1 ->
  concept_increase V p M C alpha = (mass V p M C alpha - mass V p M C 0) / INR (length inner).
Proof.
  intros Hsum. unfold concept_increase, average, probability_increase. rewrite sum_minus. unfold mass.
  do 2 f_equal. apply sum_ext. intros z _. symmetry. apply tilt_zero. split; assumption.
Qed.

Lemma tanh_form alpha : sum p V = 1 -> concept_increase V p M C alpha =
  / (2 * INR (length inner)) *
  (tanh ((nu alpha + logit (mass V p M C 0)) / 2) - tanh (logit (mass V p M C 0) / 2)).
Proof.
  intros Hsum. rewrite concept_increase_mass, logit_mass, !mass_logistic, !logistic_tanh by exact Hsum.
  unfold nu. replace (set_log_odds alpha - set_log_odds 0 + set_log_odds 0) with (set_log_odds alpha) by ring.
  pose proof (length_pos _ inner_nonempty). field. lra.
Qed.

Lemma nu_zero : nu 0 = 0. Proof. unfold nu. ring. Qed.

Lemma set_log_odds_derivative alpha : derivable_pt_lim set_log_odds alpha (nu_slope alpha).
Proof.
  apply derivable_minus; apply log_partition_derivative;
    (apply inner_positive || apply inner_nonempty || apply outer_positive || apply outer_nonempty).
Qed.

Lemma nu_derivative alpha : derivable_pt_lim nu alpha (nu_slope alpha).
Proof.
  eapply derivable_value; [apply derivable_minus;
    [apply set_log_odds_derivative|apply derivable_pt_lim_const]|ring].
Qed.

Lemma mass_derivative alpha : derivable_pt_lim (mass V p M C) alpha
  (mass V p M C alpha * (1 - mass V p M C alpha) * nu_slope alpha).
Proof.
  eapply derivable_ext; [intros t; symmetry; apply mass_logistic|]. set (L := set_log_odds).
  pose proof (exp_pos (L alpha)).
  assert (DE : derivable_pt_lim (fun t => exp (L t)) alpha (exp (L alpha) * nu_slope alpha)).
  { apply (derivable_pt_lim_comp L exp); [apply set_log_odds_derivative|apply derivable_pt_lim_exp]. }
  eapply derivable_value.
  - apply (derivable_pt_lim_div (fun t => exp (L t)) (fun t => 1 + exp (L t)));
      [exact DE|apply derivable_plus; [apply derivable_pt_lim_const|exact DE]|lra].
  - rewrite mass_logistic. unfold logistic, Rsqr. fold (L alpha). field. lra.
Qed.

(* |nu'| <= range, both means lie in one interval of that length; so |nu| <= range |alpha|. *)
Lemma nu_slope_le range alpha : ranges V M range -> Rabs (nu_slope alpha) <= range.
Proof.
  intros H. destruct (ranges_interval V M whole_nonempty range H) as [lo Hlo].
  assert (I : lo <= mean inner p M alpha <= lo + range).
  { split; [apply mean_ge|apply mean_le]; try apply inner_positive; try apply inner_nonempty;
      intros z Hz; apply members_in in Hz; apply Hlo, Hz. }
  assert (O : lo <= mean outer p M alpha <= lo + range).
  { split; [apply mean_ge|apply mean_le]; try apply outer_positive; try apply outer_nonempty;
      intros z Hz; apply outside_in in Hz; apply Hlo, Hz. }
  unfold nu_slope. apply Rabs_le. lra.
Qed.

Lemma growth range alpha : ranges V M range -> Rabs (nu alpha) <= range * Rabs alpha.
Proof.
  intros H. destruct (Rtotal_order alpha 0) as [L|[->|L]].
  - destruct (mean_value nu nu_slope nu_derivative alpha 0 L) as [c [E _]]. rewrite nu_zero in E.
    replace (nu alpha) with (nu_slope c * alpha) by lra. rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|apply nu_slope_le; exact H].
  - rewrite nu_zero, Rabs_R0. lra.
  - destruct (mean_value nu nu_slope nu_derivative 0 alpha L) as [c [E _]]. rewrite nu_zero in E.
    replace (nu alpha) with (nu_slope c * alpha) by lra. rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|apply nu_slope_le; exact H].
Qed.

(* If the set lies weakly above the rest, its conditional mean is strictly larger: not all values are equal. *)
Lemma nu_slope_pos alpha : varies V M ->
  (forall y z, In y V -> In z V -> C y = false -> C z = true -> M y <= M z) -> 0 < nu_slope alpha.
Proof.
  intros [u [v [Hu [Hv Huv]]]] H. destruct (highest_exists M outer outer_nonempty) as [c [[w [Hw Ew]] Hc]].
  assert (Hin : forall z, In z inner -> c <= M z).
  { intros z Hz. apply members_in in Hz. apply outside_in in Hw. rewrite <- Ew. apply H; tauto. }
  assert (A1 : mean outer p M alpha <= c) by (apply mean_le; [apply outer_positive|apply outer_nonempty|exact Hc]).
  assert (A2 : c <= mean inner p M alpha) by (apply mean_ge; [apply inner_positive|apply inner_nonempty|exact Hin]).
  assert (A3 : mean outer p M alpha < c \/ c < mean inner p M alpha).
  { assert (S : forall x, In x V -> M x < c -> mean outer p M alpha < c).
    { intros x Hx L. apply mean_lt; [apply outer_positive|apply outer_nonempty|exact Hc|].
      exists x. split; [|exact L]. apply outside_in. split; [exact Hx|]. destruct (C x) eqn:E; [|reflexivity].
      specialize (Hin x (proj2 (members_in C V x) (conj Hx E))). lra. }
    destruct (Rlt_le_dec (M u) c) as [L|L]; [left; apply (S u); assumption|]. right.
    apply mean_gt; [apply inner_positive|apply inner_nonempty|exact Hin|].
    exists v. split; [|lra]. apply members_in. split; [exact Hv|]. destruct (C v) eqn:E; [reflexivity|].
    specialize (Hc v (proj2 (outside_in C V v) (conj Hv E))). lra. }
  unfold nu_slope. lra.
Qed.

Lemma mass_increasing : varies V M ->
  (forall y z, In y V -> In z V -> C y = false -> C z = true -> M y <= M z) ->
  increasing (mass V p M C).
Proof.
  intros HM H x y Hxy. rewrite !mass_logistic. apply logistic_increasing.
  apply (positive_increasing _ _ set_log_odds_derivative); [|exact Hxy]. intros; apply nu_slope_pos; assumption.
Qed.

Lemma separated_varies : separated C V M -> varies V M.
Proof.
  intros H. destruct HC as [[z [Hz Cz]] [y [Hy Cy]]]. exists y, z. repeat split; try assumption.
  apply H; try assumption. unfold outside in Cy. destruct (C y); [discriminate|reflexivity].
Qed.

Lemma separated_mass_increasing : separated C V M -> increasing (mass V p M C).
Proof.
  intros H. apply mass_increasing; [apply separated_varies; exact H|]. intros. left. apply H; assumption.
Qed.

End Mass.

Section Corollaries.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis Hlaw : law V p.
Hypothesis HC : proper C V.

Lemma outside_outside z : outside (outside C) z = C z.
Proof. unfold outside. destruct (C z); reflexivity. Qed.

Lemma proper_outside : proper (outside C) V.
Proof. destruct HC as [[z [Hz Ez]] H]. split; [exact H|]. exists z. rewrite outside_outside. split; assumption. Qed.

Lemma concept_rescale alpha beta : mass V p M C alpha < mass V p M C beta ->
  concept_increase V p M C alpha < concept_increase V p M C beta.
Proof.
  intros H. rewrite !concept_increase_mass by (apply Hlaw || exact HC).
  apply Rmult_lt_compat_r; [|lra]. apply Rinv_0_lt_compat, length_pos, members_nonempty, HC.
Qed.

Lemma target_increasing : separated C V M -> increasing (concept_increase V p M C).
Proof.
  intros H x y Hxy. apply concept_rescale. apply separated_mass_increasing; try assumption. apply Hlaw.
Qed.

Lemma low_decreasing : varies V M ->
  (forall y z, In y V -> In z V -> C y = true -> C z = false -> M y <= M z) ->
  decreasing (concept_increase V p M C).
Proof.
  intros HM H x y Hxy. apply concept_rescale.
  assert (I : increasing (mass V p M (outside C))).
  { apply mass_increasing; [apply Hlaw|apply proper_outside|exact HM|]. unfold outside.
    intros u v Hu Hv Cu Cv. apply H; try assumption; [destruct (C u)|destruct (C v)]; simpl in *; congruence. }
  specialize (I x y Hxy). rewrite !mass_outside in I by (apply Hlaw || exact HC). lra.
Qed.

Lemma tanh_exists : exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha (mean (members C V) p M alpha - mean (members (outside C) V) p M alpha)) /\
  (forall alpha, concept_increase V p M C alpha =
     / (2 * INR (length (members C V))) *
     (tanh ((nu alpha + logit (mass V p M C 0)) / 2) - tanh (logit (mass V p M C 0) / 2))) /\
  (forall range alpha, ranges V M range -> Rabs (nu alpha) <= range * Rabs alpha).
Proof.
  exists (nu V p M C). split; [apply nu_zero|].
  split; [exact (nu_derivative V p M C (proj1 Hlaw) HC)|].
  split; [intros alpha; exact (tanh_form V p M C (proj1 Hlaw) HC alpha (proj2 Hlaw))|].
  intros range alpha. exact (growth V p M C (proj1 Hlaw) HC range alpha).
Qed.

(* A set without a top token keeps no mass in the limit, so its increase tends to minus its mean probability. *)
Lemma vanishing m : (forall z, In z V -> C z = true -> M z <> m) -> sum (top_law V p M m) (members C V) = 0.
Proof.
  intros H. apply sum_zero. intros z Hz. apply members_in in Hz. unfold top_law.
  assert (level M m z = false) as -> by (apply level_false, H; apply Hz). reflexivity.
Qed.

Lemma vanishing_plus top : highest V M top -> (forall z, In z V -> C z = true -> M z <> top) ->
  tends_plus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros Ht H. assert (HV := law_nonempty V p Hlaw). assert (Hp := proj1 Hlaw).
  apply (tends_ext (fun alpha => / INR (length (members C V)) * (mass V p M C alpha - sum p (members C V)))).
  - intros x. unfold concept_increase, average, probability_increase. rewrite sum_minus. unfold mass, Rdiv. ring.
  - unfold average. replace (- (sum p (members C V) / INR (length (members C V))))
      with (/ INR (length (members C V)) * (0 - sum p (members C V))) by (unfold Rdiv; ring).
    apply tends_scal, tends_minus_const. rewrite <- (vanishing top H). apply mass_limit; assumption.
Qed.

(* When every top token lies in C, nothing else keeps mass, so C takes all of it. *)
Lemma filling_plus top : highest V M top -> (forall z, In z V -> C z = false -> M z <> top) ->
  tends_plus (concept_increase V p M C) ((1 - sum p (members C V)) / INR (length (members C V))).
Proof.
  intros Ht H. assert (HV := law_nonempty V p Hlaw). assert (Hp := proj1 Hlaw).
  apply (tends_ext (fun alpha => / INR (length (members C V)) * (mass V p M C alpha - sum p (members C V)))).
  - intros x. unfold concept_increase, average, probability_increase. rewrite sum_minus. unfold mass, Rdiv. ring.
  - unfold Rdiv. rewrite Rmult_comm. apply tends_scal, tends_minus_const.
    assert (E : sum (top_law V p M top) (members C V) = 1).
    { rewrite <- (top_law_sum V p M Hp top Ht), (sum_split C _ V).
      rewrite (sum_zero (top_law V p M top) (members (outside C) V)); [ring|]. intros z Hz. apply outside_in in Hz.
      unfold top_law. assert (level M top z = false) as -> by (apply level_false, H; apply Hz). reflexivity. }
    rewrite <- E. apply mass_limit; assumption.
Qed.
End Corollaries.

Lemma concept_mirror {A} (V : list A) p M C alpha :
  concept_increase V p M C (- alpha) = concept_increase V p (fun z => - M z) C alpha.
Proof.
  unfold concept_increase. apply average_ext. intros z _. unfold probability_increase. rewrite tilt_mirror. reflexivity.
Qed.

Lemma vanishing_minus {A} (V : list A) p M C bottom : law V p -> lowest V M bottom ->
  (forall z, In z V -> C z = true -> M z <> bottom) ->
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros Hlaw Hb H. apply tends_mirror.
  apply (tends_ext (concept_increase V p (fun z => - M z) C)); [intros; symmetry; apply concept_mirror|].
  apply vanishing_plus with (top := - bottom); [exact Hlaw|apply lowest_highest; exact Hb|].
  intros z Hz Cz E. apply (H z Hz Cz). lra.
Qed.

Lemma separated_limits {A} (V : list A) p M C : law V p -> proper C V -> separated C V M ->
  tends_plus (concept_increase V p M C) ((1 - sum p (members C V)) / INR (length (members C V))) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros Hlaw HC HS. pose proof (law_nonempty V p Hlaw) as HV. destruct HC as [[u [Hu Cu]] [v [Hv Cv]]].
  assert (Fv : C v = false) by (unfold outside in Cv; destruct (C v); [discriminate|reflexivity]).
  destruct (highest_exists M V HV) as [top Ht]. destruct (lowest_exists M V HV) as [bottom Hb]. split.
  - apply filling_plus with (top := top); [exact Hlaw|exact Ht|]. intros z Hz Cz E.
    pose proof (HS z u Hz Hu Cz Cu). pose proof (proj2 Ht u Hu). lra.
  - apply vanishing_minus with (bottom := bottom); [exact Hlaw|exact Hb|]. intros z Hz Cz E.
    pose proof (HS v z Hv Hz Fv Cz). pose proof (proj2 Hb v Hv). lra.
Qed.

Lemma vanishing_both {A} (V : list A) p M C top bottom : law V p -> highest V M top -> lowest V M bottom ->
  (forall z, In z V -> C z = true -> M z <> top /\ M z <> bottom) ->
  tends_plus (concept_increase V p M C) (- average p (members C V)) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros Hlaw Ht Hb Hno. split.
  - apply vanishing_plus with (top := top); try assumption. intros; apply Hno; assumption.
  - apply vanishing_minus with (bottom := bottom); try assumption. intros; apply Hno; assumption.
Qed.
