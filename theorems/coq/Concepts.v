(* Theorem 3.6: the mass of a set of tokens is a logistic
   function of nu, a difference of two log-partitions. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump.
Open Scope R_scope.

Section Mass.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_positive : positive V p.
Hypothesis C_proper : proper C V.

Notation inner := (members C V).
Notation outer := (members (outside C) V).
Notation Zin := (partition inner p M).
Notation Zout := (partition outer p M).

Lemma inner_nonempty : inner <> nil.
Proof. apply members_nonempty, C_proper. Qed.
Lemma outer_nonempty : outer <> nil.
Proof. apply members_nonempty, C_proper. Qed.

Lemma inner_positive : positive inner p.
Proof. intros z z_in. apply members_in in z_in. apply p_positive, z_in. Qed.
Lemma outer_positive : positive outer p.
Proof. intros z z_in. apply outside_in in z_in. apply p_positive, z_in. Qed.

Lemma whole_nonempty : V <> nil.
Proof.
  destruct C_proper as [[z [z_in _]] _]. intros E. rewrite E in z_in.
  exact z_in.
Qed.

Lemma Zin_pos alpha : 0 < Zin alpha.
Proof. apply partition_pos; [apply inner_positive|apply inner_nonempty]. Qed.
Lemma Zout_pos alpha : 0 < Zout alpha.
Proof. apply partition_pos; [apply outer_positive|apply outer_nonempty]. Qed.

Lemma mass_ratio alpha :
  mass V p M C alpha = Zin alpha / (Zin alpha + Zout alpha).
Proof.
  unfold mass, tilt. rewrite sum_div. unfold partition at 1.
  rewrite (sum_split C _ V). reflexivity.
Qed.

Lemma mass_outside alpha :
  mass V p M (outside C) alpha = 1 - mass V p M C alpha.
Proof.
  rewrite <- (tilt_sum V p M p_positive whole_nonempty alpha),
    (sum_split C _ V). unfold mass. ring.
Qed.

(* The log-odds of the set, and its change nu. *)
Definition set_log_odds (alpha : R) : R :=
  log_partition inner p M alpha - log_partition outer p M alpha.
Definition nu (alpha : R) : R := set_log_odds alpha - set_log_odds 0.
Definition nu_slope (alpha : R) : R :=
  mean inner p M alpha - mean outer p M alpha.

Lemma set_log_odds_exp alpha :
  exp (set_log_odds alpha) = Zin alpha / Zout alpha.
Proof.
  unfold set_log_odds, log_partition, Rminus.
  rewrite exp_plus, exp_Ropp, !exp_ln by (apply Zin_pos || apply Zout_pos).
  reflexivity.
Qed.

Lemma mass_logistic alpha : mass V p M C alpha = logistic (set_log_odds alpha).
Proof.
  unfold logistic. rewrite mass_ratio, set_log_odds_exp.
  pose proof (Zin_pos alpha). pose proof (Zout_pos alpha). field. lra.
Qed.

Lemma logistic_range x : 0 < logistic x < 1.
Proof.
  unfold logistic. pose proof (exp_pos x).
  split; [apply Rdiv_lt_0_compat; lra|].
  apply (Rmult_lt_reg_r (1 + exp x)); [lra|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Lemma logistic_increasing x y : x < y -> logistic x < logistic y.
Proof.
  intros x_lt_y. apply exp_increasing in x_lt_y. unfold logistic.
  pose proof (exp_pos x). pose proof (exp_pos y).
  replace (exp x / (1 + exp x)) with (1 - / (1 + exp x)) by (field; lra).
  replace (exp y / (1 + exp y)) with (1 - / (1 + exp y)) by (field; lra).
  assert (/ (1 + exp y) < / (1 + exp x))
    by (apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra). lra.
Qed.

Lemma logistic_injective x y : logistic x = logistic y -> x = y.
Proof.
  intros same.
  destruct (Rtotal_order x y) as [L|[L|L]]; [|exact L|];
    apply logistic_increasing in L; lra.
Qed.

Lemma logistic_logit t : 0 < t < 1 -> logistic (logit t) = t.
Proof.
  intros t_between. unfold logistic, logit.
  rewrite exp_ln by (apply Rdiv_lt_0_compat; lra). field. lra.
Qed.

Lemma logit_mass alpha : logit (mass V p M C alpha) = set_log_odds alpha.
Proof.
  apply logistic_injective. rewrite logistic_logit; [apply mass_logistic|].
  rewrite mass_logistic. apply logistic_range.
Qed.

Lemma logistic_tanh x : logistic x = (1 + tanh (x / 2)) / 2.
Proof.
  unfold logistic, tanh, sinh, cosh. set (t := exp (x / 2)).
  assert (0 < t) by apply exp_pos.
  replace (exp x) with (t * t).
  2: { unfold t. rewrite <- exp_plus. f_equal. field. }
  rewrite exp_Ropp. fold t.
  assert (0 < t * t) by (apply Rmult_lt_0_compat; lra). field.
  repeat split; nra.
Qed.

Lemma concept_increase_mass alpha : sum p V = 1 ->
  concept_increase V p M C alpha =
    (mass V p M C alpha - mass V p M C 0) / INR (length inner).
Proof.
  intros p_sum. unfold concept_increase, average, probability_increase.
  rewrite sum_minus. unfold mass.
  do 2 f_equal. apply sum_ext. intros z _. symmetry. apply tilt_zero.
  split; assumption.
Qed.

Lemma tanh_form alpha : sum p V = 1 -> concept_increase V p M C alpha =
  / (2 * INR (length inner)) *
  (tanh ((nu alpha + logit (mass V p M C 0)) / 2)
    - tanh (logit (mass V p M C 0) / 2)).
Proof.
  intros p_sum.
  rewrite concept_increase_mass, logit_mass, !mass_logistic, !logistic_tanh
    by exact p_sum.
  unfold nu.
  replace (set_log_odds alpha - set_log_odds 0 + set_log_odds 0)
    with (set_log_odds alpha) by ring.
  pose proof (length_pos _ inner_nonempty). field. lra.
Qed.

Lemma nu_zero : nu 0 = 0. Proof. unfold nu. ring. Qed.

Lemma set_log_odds_derivative alpha :
  derivable_pt_lim set_log_odds alpha (nu_slope alpha).
Proof.
  apply derivable_minus; apply log_partition_derivative; (apply inner_positive
      || apply inner_nonempty || apply outer_positive || apply outer_nonempty).
Qed.

Lemma nu_derivative alpha : derivable_pt_lim nu alpha (nu_slope alpha).
Proof.
  eapply derivable_value; [apply derivable_minus;
    [apply set_log_odds_derivative|apply derivable_pt_lim_const]|ring].
Qed.

Lemma mass_derivative alpha : derivable_pt_lim (mass V p M C) alpha
  (mass V p M C alpha * (1 - mass V p M C alpha) * nu_slope alpha).
Proof.
  eapply derivable_ext; [intros t; symmetry; apply mass_logistic|].
  set (L := set_log_odds). pose proof (exp_pos (L alpha)).
  assert (DE : derivable_pt_lim
      (fun t => exp (L t)) alpha (exp (L alpha) * nu_slope alpha)).
  { apply (derivable_pt_lim_comp L exp);
      [apply set_log_odds_derivative|apply derivable_pt_lim_exp]. }
  eapply derivable_value.
  - apply (derivable_pt_lim_div (fun t => exp (L t)) (fun t => 1 + exp (L t)));
      [exact DE|apply derivable_plus;
        [apply derivable_pt_lim_const|exact DE]|lra].
  - rewrite mass_logistic. unfold logistic, Rsqr. fold (L alpha). field. lra.
Qed.

Lemma logit_mass_derivative alpha :
  derivable_pt_lim (fun t => logit (mass V p M C t)) alpha (nu_slope alpha).
Proof.
  eapply derivable_ext; [intros t; symmetry; apply logit_mass|].
  apply set_log_odds_derivative.
Qed.

(* The mean of M given the set C is a quotient of sums over the vocabulary's
   distribution. *)
Lemma conditional_mean alpha : mean inner p M alpha =
  sum (fun z => tilt V p M alpha z * M z) inner / mass V p M C alpha.
Proof.
  pose proof (Zin_pos alpha). pose proof (Zout_pos alpha).
  assert (Z : partition V p M alpha = Zin alpha + Zout alpha)
    by apply (sum_split C).
  rewrite mass_ratio. unfold mean, expect, tilt. rewrite Z.
  rewrite (sum_ext (fun z => weight p M alpha z / Zin alpha * M z)
    (fun z => / Zin alpha * (weight p M alpha z * M z)))
    by (intros; unfold Rdiv; ring).
  rewrite (sum_ext
    (fun z => weight p M alpha z / (Zin alpha + Zout alpha) * M z)
    (fun z => / (Zin alpha + Zout alpha) * (weight p M alpha z * M z)))
    by (intros; unfold Rdiv; ring).
  rewrite !sum_scal. field. lra.
Qed.

(* |nu'| <= range, both means lie in one interval
   of that length; so |nu| <= range |alpha|. *)
Lemma nu_slope_le range alpha : ranges V M range ->
  Rabs (nu_slope alpha) <= range.
Proof.
  intros M_ranges.
  destruct (ranges_interval V M whole_nonempty range M_ranges)
    as [lo M_between].
  assert (I : lo <= mean inner p M alpha <= lo + range).
  { split; [apply mean_ge|apply mean_le];
      try apply inner_positive; try apply inner_nonempty;
      intros z z_in; apply members_in in z_in; apply M_between, z_in. }
  assert (O : lo <= mean outer p M alpha <= lo + range).
  { split; [apply mean_ge|apply mean_le];
      try apply outer_positive; try apply outer_nonempty;
      intros z z_in; apply outside_in in z_in; apply M_between, z_in. }
  unfold nu_slope. apply Rabs_le. lra.
Qed.

Lemma growth range alpha : ranges V M range ->
  Rabs (nu alpha) <= range * Rabs alpha.
Proof.
  intros M_ranges. destruct (Rtotal_order alpha 0) as [L|[->|L]].
  - destruct (mean_value nu nu_slope nu_derivative alpha 0 L) as [c [E _]].
    rewrite nu_zero in E.
    replace (nu alpha) with (nu_slope c * alpha) by lra. rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|apply nu_slope_le; exact M_ranges].
  - rewrite nu_zero, Rabs_R0. lra.
  - destruct (mean_value nu nu_slope nu_derivative 0 alpha L) as [c [E _]].
    rewrite nu_zero in E.
    replace (nu alpha) with (nu_slope c * alpha) by lra. rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|apply nu_slope_le; exact M_ranges].
Qed.

(* If the set lies weakly above the rest, its conditional
   mean is strictly larger: not all values are equal. *)
Lemma nu_slope_pos alpha : varies V M ->
  (forall y z, In y V -> In z V -> C y = false -> C z = true -> M y <= M z) ->
  0 < nu_slope alpha.
Proof.
  intros [u [v [u_in [v_in M_less]]]] M_le_M.
  destruct (highest_exists M outer outer_nonempty)
    as [c [[w [w_in Ew]] outer_below]].
  assert (inner_above : forall z, In z inner -> c <= M z).
  { intros z z_in. apply members_in in z_in. apply outside_in in w_in.
    rewrite <- Ew. apply M_le_M; tauto. }
  assert (A1 : mean outer p M alpha <= c) by (apply mean_le;
      [apply outer_positive|apply outer_nonempty|exact outer_below]).
  assert (A2 : c <= mean inner p M alpha) by (apply mean_ge;
      [apply inner_positive|apply inner_nonempty|exact inner_above]).
  assert (A3 : mean outer p M alpha < c \/ c < mean inner p M alpha).
  { assert (S : forall x, In x V -> M x < c -> mean outer p M alpha < c).
    { intros x x_in L.
      apply mean_lt;
        [apply outer_positive|apply outer_nonempty|exact outer_below|].
      exists x. split; [|exact L]. apply outside_in. split; [exact x_in|].
      destruct (C x) eqn:E; [|reflexivity].
      specialize (inner_above x (proj2 (members_in C V x) (conj x_in E))).
      lra. }
    destruct (Rlt_le_dec (M u) c) as [L|L]; [left; apply (S u); assumption|].
    right.
    apply mean_gt;
      [apply inner_positive|apply inner_nonempty|exact inner_above|].
    exists v. split; [|lra]. apply members_in. split; [exact v_in|].
    destruct (C v) eqn:E; [reflexivity|].
    specialize (outer_below v (proj2 (outside_in C V v) (conj v_in E))). lra. }
  unfold nu_slope. lra.
Qed.

Lemma mass_increasing : varies V M ->
  (forall y z, In y V -> In z V -> C y = false -> C z = true -> M y <= M z) ->
  increasing (mass V p M C).
Proof.
  intros M_varies M_le_M x y x_lt_y. rewrite !mass_logistic.
  apply logistic_increasing.
  apply (positive_increasing _ _ set_log_odds_derivative); [|exact x_lt_y].
  intros; apply nu_slope_pos; assumption.
Qed.

Lemma separated_varies : separated C V M -> varies V M.
Proof.
  intros C_separated. destruct C_proper as [[z [z_in Cz]] [y [y_in Cy]]].
  exists y, z. repeat split; try assumption.
  apply C_separated; try assumption. unfold outside in Cy.
  destruct (C y); [discriminate|reflexivity].
Qed.

Lemma separated_mass_increasing : separated C V M -> increasing (mass V p M C).
Proof.
  intros C_separated.
  apply mass_increasing; [apply separated_varies; exact C_separated|]. intros.
  left. apply C_separated; assumption.
Qed.

End Mass.

Section Corollaries.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_law : law V p.
Hypothesis C_proper : proper C V.

Lemma outside_outside z : outside (outside C) z = C z.
Proof. unfold outside. destruct (C z); reflexivity. Qed.

Lemma proper_outside : proper (outside C) V.
Proof.
  destruct C_proper as [[z [z_in Ez]] outside_inhabited].
  split; [exact outside_inhabited|]. exists z. rewrite outside_outside.
  split; assumption.
Qed.

Lemma concept_rescale alpha beta : mass V p M C alpha < mass V p M C beta ->
  concept_increase V p M C alpha < concept_increase V p M C beta.
Proof.
  intros mass_less.
  rewrite !concept_increase_mass by (apply p_law || exact C_proper).
  apply Rmult_lt_compat_r; [|lra].
  apply Rinv_0_lt_compat, length_pos, members_nonempty, C_proper.
Qed.

Lemma target_increasing : separated C V M ->
  increasing (concept_increase V p M C).
Proof.
  intros C_separated x y x_lt_y. apply concept_rescale.
  apply separated_mass_increasing; try assumption. apply p_law.
Qed.

Lemma low_decreasing : varies V M ->
  (forall y z, In y V -> In z V -> C y = true -> C z = false -> M y <= M z) ->
  decreasing (concept_increase V p M C).
Proof.
  intros M_varies M_le_M x y x_lt_y. apply concept_rescale.
  assert (I : increasing (mass V p M (outside C))).
  { apply mass_increasing; [apply p_law|apply proper_outside|exact M_varies|].
    unfold outside.
    intros u v u_in v_in Cu Cv.
    apply M_le_M; try assumption; [destruct (C u)|destruct (C v)];
      simpl in *; congruence. }
  specialize (I x y x_lt_y).
  rewrite !mass_outside in I by (apply p_law || exact C_proper). lra.
Qed.

Lemma mass_zero : mass V p M C 0 = sum p (members C V).
Proof. apply sum_ext. intros z _. apply tilt_zero. exact p_law. Qed.

(* Equation (12) of v1: a logistic equation with the difference of the two
   conditional means as its rate. *)
Lemma logistic_equation alpha :
  let rate := mean (members C V) p M alpha
    - mean (members (outside C) V) p M alpha in
  derivable_pt_lim (mass V p M C) alpha
    (mass V p M C alpha * (1 - mass V p M C alpha) * rate) /\
  derivable_pt_lim (fun t => logit (mass V p M C t)) alpha rate.
Proof.
  split;
    [apply (mass_derivative V p M C)|apply (logit_mass_derivative V p M C)];
    apply p_law || exact C_proper.
Qed.

(* F (1 - F) is at most 1/4, and the rate at most the range. *)
Lemma steepest range alpha : ranges V M range ->
  exists slope, derivable_pt_lim (mass V p M C) alpha slope /\
  Rabs slope <= range / 4.
Proof.
  intros M_ranges. eexists. split; [apply logistic_equation|].
  pose proof (nu_slope_le V p M C (proj1 p_law) C_proper range alpha M_ranges)
    as S. unfold nu_slope in S.
  rewrite (mass_logistic V p M C (proj1 p_law) C_proper).
  pose proof (logistic_range (set_log_odds V p M C alpha)) as F.
  set (F' := logistic (set_log_odds V p M C alpha)) in *.
  rewrite Rabs_mult, (Rabs_right (F' * (1 - F'))) by nra.
  apply Rle_trans with (F' * (1 - F') * range);
    [apply Rmult_le_compat_l; [nra|exact S]|].
  pose proof (Rabs_pos (mean (members C V) p M alpha
    - mean (members (outside C) V) p M alpha)).
  pose proof (pow2_ge_0 (2 * F' - 1)). nra.
Qed.

Lemma tanh_exists : exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha (mean (members C V) p M alpha
      - mean (members (outside C) V) p M alpha)) /\
  (forall alpha, concept_increase V p M C alpha =
     / (2 * INR (length (members C V))) *
     (tanh ((nu alpha + logit (mass V p M C 0)) / 2)
       - tanh (logit (mass V p M C 0) / 2))) /\
  (forall range alpha, ranges V M range ->
    Rabs (nu alpha) <= range * Rabs alpha).
Proof.
  exists (nu V p M C). split; [apply nu_zero|].
  split; [exact (nu_derivative V p M C (proj1 p_law) C_proper)|].
  split; [intros alpha;
      exact (tanh_form V p M C (proj1 p_law) C_proper alpha (proj2 p_law))|].
  intros range alpha. exact (growth V p M C (proj1 p_law) C_proper range alpha).
Qed.

(* A set without a top token keeps no mass in the limit,
   so its increase tends to minus its mean probability. *)
Lemma vanishing m : (forall z, In z V -> C z = true -> M z <> m) ->
  sum (top_law V p M m) (members C V) = 0.
Proof.
  intros never_m. apply sum_zero. intros z z_in. apply members_in in z_in.
  unfold top_law.
  assert (level M m z = false) as ->
    by (apply level_false, never_m; apply z_in). reflexivity.
Qed.

Lemma vanishing_plus top : highest V M top ->
  (forall z, In z V -> C z = true -> M z <> top) ->
  tends_plus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros top_highest never_top. assert (V_nonempty := law_nonempty V p p_law).
  assert (p_positive := proj1 p_law).
  apply (tends_ext (fun alpha => / INR (length (members C V)) *
      (mass V p M C alpha - sum p (members C V)))).
  - intros x. unfold concept_increase, average, probability_increase.
    rewrite sum_minus. unfold mass, Rdiv. ring.
  - unfold average.
    replace (- (sum p (members C V) / INR (length (members C V))))
      with (/ INR (length (members C V)) * (0 - sum p (members C V)))
      by (unfold Rdiv; ring).
    apply tends_scal, tends_minus_const. rewrite <- (vanishing top never_top).
    apply mass_limit; assumption.
Qed.

(* When every top token lies in C, nothing else
   keeps mass, so C takes all of it. *)
Lemma filling_plus top : highest V M top ->
  (forall z, In z V -> C z = false -> M z <> top) ->
  tends_plus (concept_increase V p M C)
    ((1 - sum p (members C V)) / INR (length (members C V))).
Proof.
  intros top_highest never_top. assert (V_nonempty := law_nonempty V p p_law).
  assert (p_positive := proj1 p_law).
  apply (tends_ext (fun alpha => / INR (length (members C V)) *
      (mass V p M C alpha - sum p (members C V)))).
  - intros x. unfold concept_increase, average, probability_increase.
    rewrite sum_minus. unfold mass, Rdiv. ring.
  - unfold Rdiv. rewrite Rmult_comm. apply tends_scal, tends_minus_const.
    assert (E : sum (top_law V p M top) (members C V) = 1).
    { rewrite <- (top_law_sum V p M p_positive top top_highest),
        (sum_split C _ V).
      rewrite (sum_zero (top_law V p M top) (members (outside C) V)); [ring|].
      intros z z_in. apply outside_in in z_in.
      unfold top_law.
      assert (level M top z = false) as ->
        by (apply level_false, never_top; apply z_in). reflexivity. }
    rewrite <- E. apply mass_limit; assumption.
Qed.
End Corollaries.

Lemma concept_mirror {A} (V : list A) p M C alpha :
  concept_increase V p M C (- alpha) =
    concept_increase V p (fun z => - M z) C alpha.
Proof.
  unfold concept_increase. apply average_ext. intros z _.
  unfold probability_increase. rewrite tilt_mirror. reflexivity.
Qed.

Lemma vanishing_minus {A} (V : list A) p M C bottom : law V p ->
  lowest V M bottom ->
  (forall z, In z V -> C z = true -> M z <> bottom) ->
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros p_law bottom_lowest never_bottom. apply tends_mirror.
  apply (tends_ext (concept_increase V p (fun z => - M z) C));
    [intros; symmetry; apply concept_mirror|].
  apply vanishing_plus with (top := - bottom);
    [exact p_law|apply lowest_highest; exact bottom_lowest|].
  intros z z_in Cz E. apply (never_bottom z z_in Cz). lra.
Qed.

Lemma separated_limits {A} (V : list A) p M C : law V p -> proper C V ->
  separated C V M ->
  tends_plus (concept_increase V p M C)
    ((1 - sum p (members C V)) / INR (length (members C V))) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros p_law C_proper C_separated.
  pose proof (law_nonempty V p p_law) as V_nonempty.
  destruct C_proper as [[u [u_in Cu]] [v [v_in Cv]]].
  assert (Fv : C v = false)
    by (unfold outside in Cv; destruct (C v); [discriminate|reflexivity]).
  destruct (highest_exists M V V_nonempty) as [top top_highest].
  destruct (lowest_exists M V V_nonempty) as [bottom bottom_lowest]. split.
  - apply filling_plus with (top := top); [exact p_law|exact top_highest|].
    intros z z_in Cz E.
    pose proof (C_separated z u z_in u_in Cz Cu).
    pose proof (proj2 top_highest u u_in). lra.
  - apply vanishing_minus with (bottom := bottom);
      [exact p_law|exact bottom_lowest|]. intros z z_in Cz E.
    pose proof (C_separated v z v_in z_in Fv Cz).
    pose proof (proj2 bottom_lowest v v_in). lra.
Qed.

Lemma vanishing_both {A} (V : list A) p M C top bottom : law V p ->
  highest V M top -> lowest V M bottom ->
  (forall z, In z V -> C z = true -> M z <> top /\ M z <> bottom) ->
  tends_plus (concept_increase V p M C) (- average p (members C V)) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof.
  intros p_law top_highest bottom_lowest no_extreme. split.
  - apply vanishing_plus with (top := top); try assumption.
    intros; apply no_extreme; assumption.
  - apply vanishing_minus with (bottom := bottom); try assumption.
    intros; apply no_extreme; assumption.
Qed.
