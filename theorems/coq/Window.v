(* How wide a sweet spot is, and when contexts share one: the mean moves by no
   more, on the scale of the log cross-ratio, than the distributions do. *)
From Coq Require Import Reals List Lra.
From Steering Require Import Definitions Sum Tilt Bump Strength.
Open Scope R_scope.

Section Apart.
Context {A : Type}.
Variables (V : list A) (p q M : A -> R) (D bottom top : R).
Hypothesis p_positive : positive V p.
Hypothesis q_positive : positive V q.
Hypothesis V_nonempty : V <> nil.
Hypothesis p_q_apart : apart V p q D.
Hypothesis M_between : forall z, In z V -> bottom <= M z <= top.

Lemma sums_apart (u v f g : A -> R) d :
  (forall z, In z V -> 0 <= f z) -> (forall z, In z V -> 0 <= g z) ->
  (forall y z, In y V -> In z V -> u y * v z <= d * (v y * u z)) ->
  sum (fun z => u z * f z) V * sum (fun z => v z * g z) V
  <= d * (sum (fun z => v z * f z) V * sum (fun z => u z * g z) V).
Proof.
  intros f_nonneg g_nonneg u_v_apart.
  rewrite <- !sum_scal_r, <- sum_scal. apply sum_le; intros y y_in.
  apply (Rle_trans _ (f y * (u y * sum (fun z => v z * g z) V))); [lra|].
  apply (Rle_trans _ (f y * (d * (v y * sum (fun z => u z * g z) V))));
    [|lra].
  apply Rmult_le_compat_l; [apply f_nonneg; exact y_in|].
  rewrite <- !sum_scal. apply sum_le; intros z z_in.
  pose proof (Rmult_le_compat_r (g z) _ _ (g_nonneg z z_in)
    (u_v_apart y z y_in z_in)). lra.
Qed.

Lemma tilt_ratios alpha beta y z : In y V -> In z V ->
  tilt V p M alpha y * tilt V q M beta z <=
  exp (D + Rabs (alpha - beta) * (top - bottom)) *
    (tilt V q M beta y * tilt V p M alpha z).
Proof.
  intros y_in z_in.
  pose proof (p_positive y y_in) as p_y. pose proof (p_positive z z_in) as p_z.
  pose proof (q_positive y y_in) as q_y. pose proof (q_positive z z_in) as q_z.
  pose proof (partition_pos V p M p_positive V_nonempty alpha) as Zp.
  pose proof (partition_pos V q M q_positive V_nonempty beta) as Zq.
  assert (ratio : p y * q z * exp (alpha * M y + beta * M z) <=
    exp (D + Rabs (alpha - beta) * (top - bottom)) *
      (q y * p z * exp (beta * M y + alpha * M z))).
  { rewrite <- (exp_ln (p y * q z)), <- (exp_ln (q y * p z))
      by (apply Rmult_lt_0_compat; assumption).
    rewrite <- !exp_plus.
    apply exp_le.
    rewrite !ln_mult by assumption.
    pose proof (p_q_apart y z y_in z_in) as near.
    unfold Rdiv in near. rewrite !ln_mult, !ln_Rinv in near
      by (try apply Rinv_0_lt_compat; assumption).
    assert ((alpha - beta) * (M y - M z)
      <= Rabs (alpha - beta) * (top - bottom)).
    { apply (Rle_trans _ (Rabs ((alpha - beta) * (M y - M z))));
        [apply Rle_abs|]. rewrite Rabs_mult.
      apply Rmult_le_compat_l; [apply Rabs_pos|].
      pose proof (M_between y y_in). pose proof (M_between z z_in).
      apply Rabs_le. lra. }
    lra. }
  unfold tilt, weight.
  replace (p y * exp (alpha * M y) / partition V p M alpha *
      (q z * exp (beta * M z) / partition V q M beta))
    with (p y * q z * exp (alpha * M y + beta * M z) *
      / (partition V p M alpha * partition V q M beta))
    by (rewrite exp_plus; field; lra).
  replace (exp (D + Rabs (alpha - beta) * (top - bottom)) *
      (q y * exp (beta * M y) / partition V q M beta *
        (p z * exp (alpha * M z) / partition V p M alpha)))
    with (exp (D + Rabs (alpha - beta) * (top - bottom)) *
      (q y * p z * exp (beta * M y + alpha * M z)) *
      / (partition V p M alpha * partition V q M beta))
    by (rewrite (exp_plus (beta * M y)); field; lra).
  apply Rmult_le_compat_r; [|exact ratio].
  apply Rlt_le, Rinv_0_lt_compat, Rmult_lt_0_compat; assumption.
Qed.

Lemma means_apart alpha beta :
  (mean V p M alpha - bottom) * (top - mean V q M beta) <=
  exp (D + Rabs (alpha - beta) * (top - bottom)) *
    ((mean V q M beta - bottom) * (top - mean V p M alpha)).
Proof.
  assert (above : forall r gamma, positive V r ->
    sum (fun z => tilt V r M gamma z * (M z - bottom)) V
      = mean V r M gamma - bottom).
  { intros r gamma r_positive. unfold mean, expect.
    rewrite (sum_ext _ (fun z => tilt V r M gamma z * M z
      - tilt V r M gamma z * bottom)) by (intros; ring).
    rewrite sum_minus, sum_scal_r, (tilt_sum V r M r_positive V_nonempty).
    ring. }
  assert (under : forall r gamma, positive V r ->
    sum (fun z => tilt V r M gamma z * (top - M z)) V
      = top - mean V r M gamma).
  { intros r gamma r_positive. unfold mean, expect.
    rewrite (sum_ext _ (fun z => tilt V r M gamma z * top
      - tilt V r M gamma z * M z)) by (intros; ring).
    rewrite sum_minus, sum_scal_r, (tilt_sum V r M r_positive V_nonempty).
    ring. }
  rewrite <- (above p), <- (above q), <- (under p), <- (under q)
    by assumption.
  apply sums_apart.
  - intros z z_in. pose proof (M_between z z_in). lra.
  - intros z z_in. pose proof (M_between z z_in). lra.
  - intros y z. apply tilt_ratios.
Qed.
End Apart.

Lemma apart_self {A} (V : list A) p : positive V p -> apart V p p 0.
Proof.
  intros p_positive y z y_in z_in. unfold Rdiv.
  rewrite !Rinv_r by (apply Rgt_not_eq, p_positive; assumption). lra.
Qed.

Lemma apart_sym {A} (V : list A) p q D : positive V p -> positive V q ->
  apart V p q D -> apart V q p D.
Proof.
  intros p_positive q_positive near y z y_in z_in.
  pose proof (near z y z_in y_in) as other. unfold Rdiv in *.
  pose proof (p_positive y y_in). pose proof (p_positive z z_in).
  pose proof (q_positive y y_in). pose proof (q_positive z z_in).
  rewrite !ln_mult, !ln_Rinv in * by (try apply Rinv_0_lt_compat; assumption).
  lra.
Qed.

Section Windows.
Context {A J : Type}.
Variables (V : list A) (p : J -> A -> R) (M : A -> R).
Variables (bottom low high top : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis top_highest : highest V M top.
Hypothesis bottom_lowest : lowest V M bottom.
Hypothesis low_high : low < high.

Lemma within z : In z V -> bottom <= M z <= top.
Proof.
  intros z_in. split; [apply bottom_lowest|apply top_highest]; exact z_in.
Qed.

Lemma ends_vary : bottom < top -> varies V M.
Proof.
  intros order. destruct bottom_lowest as [[y [y_in Ey]] _].
  destruct top_highest as [[z [z_in Ez]] _]. exists y, z.
  repeat split; try assumption. lra.
Qed.

(* Two contexts closer than the cross-ratio: the window of each ends well after
   that of the other begins. *)
Lemma windows_overlap i j D left right :
  positive V (p i) -> positive V (p j) -> apart V (p j) (p i) D ->
  bottom < low -> high < top -> D < ln (cross_ratio bottom low high top) ->
  mean V (p i) M left = low -> mean V (p j) M right = high ->
  ln (cross_ratio bottom low high top) - D <= (right - left) * (top - bottom).
Proof.
  intros i_positive j_positive near low_inside high_inside close at_left
    at_right.
  assert (product : 0 < (low - bottom) * (top - high))
    by (apply Rmult_lt_0_compat; lra).
  assert (ratio_positive : 0 < cross_ratio bottom low high top).
  { apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra|exact product]. }
  assert (bounded : forall E, (high - bottom) * (top - low) <=
      exp E * ((low - bottom) * (top - high)) ->
      ln (cross_ratio bottom low high top) <= E).
  { intros E L. apply Rnot_lt_le. intros beyond. apply exp_increasing in beyond.
    rewrite exp_ln in beyond by exact ratio_positive. revert beyond.
    apply Rle_not_lt.
    apply (Rmult_le_reg_r _ _ _ product). unfold cross_ratio.
    replace ((high - bottom) * (top - low) / ((low - bottom) * (top - high))
      * ((low - bottom) * (top - high))) with ((high - bottom) * (top - low))
      by (field; lra). exact L. }
  pose proof (means_apart V (p j) (p i) M D bottom top j_positive i_positive
    V_nonempty near within) as moved.
  destruct (Rlt_le_dec right left) as [before|after].
  - exfalso. specialize (moved left left).
    pose proof (mean_increasing V (p j) M j_positive V_nonempty
      (ends_vary ltac:(lra)) right left before) as beyond.
    rewrite at_left in moved. rewrite at_right in beyond.
    rewrite (Rminus_diag_eq left left), Rabs_R0, Rmult_0_l, Rplus_0_r in moved
      by reflexivity.
    pose proof (mean_le V (p j) M j_positive V_nonempty top left
      (fun z z_in => proj2 (within z z_in))) as under_top.
    set (m := mean V (p j) M left) in *.
    assert (ln (cross_ratio bottom low high top) <= D); [|lra].
    apply bounded.
    apply (Rle_trans _ ((m - bottom) * (top - low)));
      [apply Rmult_le_compat_r; lra|].
    apply (Rle_trans _ _ _ moved).
    apply Rmult_le_compat_l; [left; apply exp_pos|].
    apply Rmult_le_compat_l; lra.
  - specialize (moved right left). rewrite at_left, at_right in moved.
    apply bounded in moved.
    rewrite Rabs_right in moved by lra. lra.
Qed.

Lemma last_of (js : list J) v : js <> nil ->
  (forall j, In j js -> positive V (p j)) -> bottom < v < top ->
  exists j alpha, In j js /\ mean V (p j) M alpha = v /\
  forall i, In i js -> v <= mean V (p i) M alpha.
Proof.
  intros js_nonempty p_positive v_between.
  pose proof (ends_vary ltac:(lra)) as M_varies.
  induction js as [|j js IH]; [contradiction|].
  destruct (mean_meets V (p j) M (p_positive j (or_introl eq_refl)) V_nonempty
    top bottom v top_highest bottom_lowest v_between) as [a at_a].
  destruct js as [|k js].
  { exists j, a. split; [left; reflexivity|]. split; [exact at_a|].
    intros i [->|[]]. lra. }
  destruct IH as [l [b [l_in [at_b later]]]];
    [discriminate|intros i i_in; apply p_positive; right; exact i_in|].
  pose proof (fun i i_in => mean_increasing V (p i) M (p_positive i i_in)
    V_nonempty M_varies) as rising.
  destruct (Rle_lt_dec a b) as [first|first].
  - exists l, b. split; [right; exact l_in|]. split; [exact at_b|].
    intros i [<-|i_in]; [|exact (later i i_in)].
    destruct first as [first|<-]; [|lra].
    apply (rising j (or_introl eq_refl)) in first. lra.
  - exists j, a. split; [left; reflexivity|]. split; [exact at_a|].
    intros i [<-|i_in]; [lra|].
    apply (rising i (or_intror i_in)) in first.
    specialize (later i i_in). lra.
Qed.

(* A strength that is in every window, the ends of M included. *)
Lemma windows_meet (js : list J) D : js <> nil ->
  (forall j, In j js -> positive V (p j)) ->
  (forall i j, In i js -> In j js -> apart V (p i) (p j) D) ->
  bottom <= low -> high <= top ->
  exp D * ((low - bottom) * (top - high)) < (high - bottom) * (top - low) ->
  exists alpha, forall j, In j js -> low < mean V (p j) M alpha < high.
Proof.
  intros js_nonempty p_positive near low_inside high_inside close.
  pose proof (exp_pos D) as D_positive.
  set (slope := high - bottom + exp D * (top - high)).
  assert (0 < slope).
  { pose proof (Rmult_le_pos (exp D) (top - high)). unfold slope. lra. }
  (* just above low the condition is met as well *)
  set (step := ((high - bottom) * (top - low)
    - exp D * ((low - bottom) * (top - high))) / (2 * slope)).
  assert (step_positive : 0 < step) by (apply Rdiv_lt_0_compat; lra).
  assert (still : exp D * ((low + step - bottom) * (top - high))
      < (high - bottom) * (top - (low + step))).
  { assert (2 * slope * step = (high - bottom) * (top - low)
      - exp D * ((low - bottom) * (top - high)))
      by (unfold step; field; lra).
    assert (0 < slope * step) by (apply Rmult_lt_0_compat; assumption).
    unfold slope in *. nra. }
  assert (below_top : low + step < top).
  { destruct (Rlt_le_dec (low + step) top) as [L|L]; [exact L|exfalso].
    pose proof (Rmult_le_pos (high - bottom) (low + step - top)).
    pose proof (Rmult_le_pos (low + step - bottom) (top - high)).
    pose proof (Rmult_le_pos (exp D)
      ((low + step - bottom) * (top - high))). nra. }
  destruct (last_of js (low + step) js_nonempty p_positive)
    as [l [alpha [l_in [at_low later]]]]; [lra|].
  exists alpha. intros j j_in. specialize (later j j_in) as above.
  split; [lra|].
  destruct (Rlt_le_dec (mean V (p j) M alpha) high) as [L|L]; [exact L|exfalso].
  pose proof (means_apart V (p j) (p l) M D bottom top (p_positive j j_in)
    (p_positive l l_in) V_nonempty (near j l j_in l_in) within alpha alpha)
    as moved.
  rewrite at_low, (Rminus_diag_eq alpha alpha), Rabs_R0, Rmult_0_l, Rplus_0_r
    in moved by reflexivity.
  set (m := mean V (p j) M alpha) in *.
  assert ((high - bottom) * (top - (low + step))
    <= (m - bottom) * (top - (low + step)))
    by (apply Rmult_le_compat_r; lra).
  assert (exp D * ((low + step - bottom) * (top - m))
    <= exp D * ((low + step - bottom) * (top - high))).
  { apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; lra. }
  lra.
Qed.
End Windows.

(* ---- As stated ---- *)

Lemma overlap {A J} (V : list A) (p : J -> A -> R) M bottom low high top i j D
    left right : law V (p i) -> law V (p j) -> apart V (p j) (p i) D ->
  highest V M top -> lowest V M bottom ->
  bottom < low -> low < high -> high < top ->
  D < ln (cross_ratio bottom low high top) ->
  mean V (p i) M left = low -> mean V (p j) M right = high ->
  (ln (cross_ratio bottom low high top) - D) / (top - bottom) <= right - left.
Proof.
  intros [i_positive i_sum] [j_positive _] near top_highest bottom_lowest
    low_inside low_high high_inside close at_left at_right.
  apply (Rmult_le_reg_r (top - bottom)); [lra|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  apply (windows_overlap V p M bottom low high top
    (law_nonempty V (p i) (conj i_positive i_sum)) top_highest bottom_lowest
    low_high i j D); assumption.
Qed.

Lemma window_width {A} (V : list A) p M bottom low high top left right :
  law V p -> highest V M top -> lowest V M bottom ->
  bottom < low -> low < high -> high < top ->
  mean V p M left = low -> mean V p M right = high ->
  ln (cross_ratio bottom low high top) / (top - bottom) <= right - left.
Proof.
  intros p_law top_highest bottom_lowest low_inside low_high high_inside.
  rewrite <- (Rminus_0_r (ln _)).
  apply (overlap V (fun _ : unit => p) M bottom low high top tt tt 0);
    try assumption; [apply apart_self; apply p_law|].
  rewrite <- ln_1. apply ln_increasing; [lra|].
  apply (Rmult_lt_reg_r ((low - bottom) * (top - high)));
    [apply Rmult_lt_0_compat; lra|].
  unfold cross_ratio. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l
    by (apply Rgt_not_eq, Rmult_lt_0_compat; lra). nra.
Qed.

Lemma shared_strength {A J} (V : list A) (p : J -> A -> R) M (js : list J)
    (C : A -> bool) bottom low high top D : laws V js p -> js <> nil ->
  highest V M top -> lowest V M bottom ->
  highest (members (outside C) V) M low -> lowest (members C V) M high ->
  low < high ->
  (forall i j, In i js -> In j js -> apart V (p i) (p j) D) ->
  exp D * ((low - bottom) * (top - high)) < (high - bottom) * (top - low) ->
  exists alpha, forall j, In j js ->
    low < mean V (p j) M alpha < high /\
    forall z s, In z V -> peak (probability_increase V (p j) M z) s ->
      if C z then below (finite alpha) s else below s (finite alpha).
Proof.
  intros p_laws js_nonempty top_highest bottom_lowest low_highest high_lowest
    low_high near close.
  destruct low_highest as [[y [y_in Ey]] off]. apply outside_in in y_in.
  destruct high_lowest as [[z [z_in Ez]] on]. apply members_in in z_in.
  assert (V_nonempty : V <> nil) by (intros ->; apply (proj1 y_in)).
  destruct (windows_meet V p M bottom low high top V_nonempty top_highest
    bottom_lowest low_high js D js_nonempty) as [alpha inside].
  - intros j j_in. exact (proj1 (p_laws j j_in)).
  - exact near.
  - rewrite <- Ey. apply bottom_lowest. apply y_in.
  - rewrite <- Ez. apply top_highest. apply z_in.
  - exact close.
  - exists alpha. intros j j_in. split; [exact (inside j j_in)|].
    intros x s x_in Ps. apply increase_peak in Ps.
    apply (sweet_peaks V (p j) M C low high (proj1 (p_laws j j_in)) V_nonempty)
      with (alpha := alpha); try assumption.
    + split; [exists y; rewrite outside_in; tauto|exact off].
    + split; [exists z; rewrite members_in; tauto|exact on].
    + exact (inside j j_in).
Qed.

(* ---- No larger distance is enough ---- *)

(* Two contexts over four tokens, nearly all of whose mass is on the ends. *)
Definition four_odds (bottom low high top : R) (z : nat) : R :=
  nth z (bottom :: low :: high :: top :: nil) 0.
Definition on_the_ends (first t : R) (z : nat) : R :=
  nth z (first :: t :: t :: 1 :: nil) 0 / (first + t + t + 1).

Section Sharp.
Variables bottom low high top D : R.
Hypothesis low_inside : bottom < low.
Hypothesis low_high : low < high.
Hypothesis high_inside : high < top.
Hypothesis far : ln (cross_ratio bottom low high top) < D.

Notation V := (0 :: 1 :: 2 :: 3 :: nil)%nat.
Notation M := (four_odds bottom low high top).
Notation A := (top - high).
Notation B := (exp D * (low - bottom)).
Notation C := (high - bottom).
Notation F := (top - low).

Definition little : R := (A * B - C * F) / ((A + B + C + F) * (high - low)).

Lemma far_product : C * F < A * B.
Proof.
  assert (product : 0 < (low - bottom) * A) by (apply Rmult_lt_0_compat; lra).
  assert (CF : 0 < C * F) by (apply Rmult_lt_0_compat; lra).
  apply exp_increasing in far. unfold cross_ratio in far.
  rewrite exp_ln in far by (apply Rdiv_lt_0_compat; assumption).
  apply (Rmult_lt_compat_r _ _ _ product) in far. unfold Rdiv in far.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r in far by lra. lra.
Qed.

Lemma B_positive : 0 < B.
Proof. apply Rmult_lt_0_compat; [apply exp_pos|lra]. Qed.

Lemma little_positive : 0 < little.
Proof.
  pose proof far_product. pose proof B_positive.
  apply Rdiv_lt_0_compat; [lra|]. apply Rmult_lt_0_compat; lra.
Qed.

Lemma on_the_ends_law first : 0 < first -> law V (on_the_ends first little).
Proof.
  intros first_positive. pose proof little_positive. split.
  - intros z z_in. apply Rdiv_lt_0_compat; [|lra].
    repeat (destruct z_in as [<-|z_in]; [simpl; lra|]). destruct z_in.
  - unfold on_the_ends. simpl. field. lra.
Qed.

Lemma on_the_ends_apart :
  apart V (on_the_ends 1 little) (on_the_ends (exp D) little) D.
Proof.
  pose proof little_positive as t_positive.
  pose proof (exp_pos D) as E_positive.
  assert (D_positive : 0 < D).
  { pose proof far_product. destruct (Rlt_le_dec 0 D) as [L|L]; [exact L|].
    apply exp_le in L. rewrite exp_0 in L.
    assert (exp D * ((low - bottom) * A) <= 1 * ((low - bottom) * A))
      by (apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|exact L]).
    assert ((low - bottom) * A < C * F)
      by (apply Rmult_le_0_lt_compat; lra). lra. }
  set (c := (exp D + little + little + 1) / (1 + little + little + 1)).
  assert (c_positive : 0 < c) by (apply Rdiv_lt_0_compat; lra).
  assert (logs : forall z, In z V ->
    ln (on_the_ends 1 little z / on_the_ends (exp D) little z) = ln c \/
    ln (on_the_ends 1 little z / on_the_ends (exp D) little z) = ln c - D).
  { intros z z_in. unfold on_the_ends.
    destruct z_in as [<-|z_in].
    - right. simpl. replace (ln c - D) with (ln c + - D) by ring.
      rewrite <- (ln_exp (- D)), <- ln_mult, exp_Ropp;
        [|exact c_positive|apply exp_pos].
      f_equal. unfold c. field. lra.
    - left. f_equal. unfold c.
      repeat (destruct z_in as [<-|z_in]; [simpl; field; lra|]).
      destruct z_in. }
  intros y z y_in z_in.
  destruct (logs y y_in) as [->| ->], (logs z z_in) as [->| ->]; lra.
Qed.

Lemma none_shared alpha :
  ~ (low < mean V (on_the_ends 1 little) M alpha < high /\
     low < mean V (on_the_ends (exp D) little) M alpha < high).
Proof.
  intros [[_ first_below] [second_above _]].
  pose proof little_positive as t_positive.
  pose proof B_positive as B_pos. pose proof far_product as product.
  set (x := fun z => exp (alpha * M z)).
  assert (x_positive : forall z, 0 < x z) by (intros; apply exp_pos).
  assert (middle : forall z, bottom <= M z <= top -> x z <= x 0%nat + x 3%nat).
  { intros z z_between.
    pose proof (x_positive 0%nat). pose proof (x_positive 3%nat).
    destruct (Rle_lt_dec 0 alpha) as [sign|sign].
    - assert (x z <= x 3%nat); [apply exp_le|lra].
      apply Rmult_le_compat_l; [exact sign|]. change (M 3%nat) with top. lra.
    - assert (x z <= x 0%nat); [apply exp_le|lra].
      change (M 0%nat) with bottom. nra. }
  assert (moved : forall first, 0 < first ->
    mean V (on_the_ends first little) M alpha *
      (first * x 0%nat + little * x 1%nat + little * x 2%nat + x 3%nat)
    = first * x 0%nat * bottom + little * x 1%nat * low
      + little * x 2%nat * high + x 3%nat * top).
  { intros first first_positive.
    unfold mean, expect, tilt, partition, weight. cbn [sum].
    change (exp (alpha * M 0)) with (x 0%nat).
    change (exp (alpha * M 1)) with (x 1%nat).
    change (exp (alpha * M 2)) with (x 2%nat).
    change (exp (alpha * M 3)) with (x 3%nat).
    change (M 0%nat) with bottom. change (M 1%nat) with low.
    change (M 2%nat) with high. change (M 3%nat) with top.
    unfold on_the_ends. cbn [nth].
    pose proof (x_positive 0%nat). pose proof (x_positive 1%nat).
    pose proof (x_positive 2%nat). pose proof (x_positive 3%nat).
    pose proof (Rmult_lt_0_compat _ _ first_positive (x_positive 0%nat)).
    pose proof (Rmult_lt_0_compat _ _ t_positive (x_positive 1%nat)).
    pose proof (Rmult_lt_0_compat _ _ t_positive (x_positive 2%nat)).
    field. lra. }
  pose proof (moved 1 Rlt_0_1) as first_mean.
  pose proof (moved (exp D) (exp_pos D)) as second_mean.
  pose proof (x_positive 0%nat) as x0. pose proof (x_positive 1%nat) as x1.
  pose proof (x_positive 2%nat) as x2. pose proof (x_positive 3%nat) as x3.
  assert (x1_middle : x 1%nat <= x 0%nat + x 3%nat)
    by (apply middle; change (M 1%nat) with low; lra).
  assert (x2_middle : x 2%nat <= x 0%nat + x 3%nat)
    by (apply middle; change (M 2%nat) with high; lra).
  set (s := little * (high - low)).
  assert (s_positive : 0 < s) by (apply Rmult_lt_0_compat; lra).
  assert (exact_s : s * (A + B + C + F) = A * B - C * F).
  { unfold s, little. field. lra. }
  assert (total : 0 < 1 * x 0%nat + little * x 1%nat + little * x 2%nat
      + x 3%nat).
  { pose proof (Rmult_lt_0_compat _ _ t_positive x1).
    pose proof (Rmult_lt_0_compat _ _ t_positive x2). lra. }
  assert (total' : 0 < exp D * x 0%nat + little * x 1%nat + little * x 2%nat
      + x 3%nat).
  { pose proof (Rmult_lt_0_compat _ _ t_positive x1).
    pose proof (Rmult_lt_0_compat _ _ t_positive x2).
    pose proof (Rmult_lt_0_compat _ _ (exp_pos D) x0). lra. }
  apply (Rmult_lt_compat_r _ _ _ total) in first_below.
  apply (Rmult_lt_compat_r _ _ _ total') in second_above.
  rewrite first_mean in first_below. rewrite second_mean in second_above.
  assert (s1 : little * (high - low) * x 1%nat <= s * (x 0%nat + x 3%nat))
    by (apply Rmult_le_compat_l; [left; exact s_positive|exact x1_middle]).
  assert (s2 : little * (high - low) * x 2%nat <= s * (x 0%nat + x 3%nat))
    by (apply Rmult_le_compat_l; [left; exact s_positive|exact x2_middle]).
  assert (one : x 3%nat * (A - s) < x 0%nat * (C + s)) by lra.
  assert (two : x 0%nat * (B - s) < x 3%nat * (F + s)) by lra.
  assert (s_below_A : 0 < A - s) by nra.
  assert (s_below_B : 0 < B - s) by nra.
  assert (both : x 3%nat * (A - s) * (x 0%nat * (B - s))
      < x 0%nat * (C + s) * (x 3%nat * (F + s))).
  { apply Rmult_le_0_lt_compat; try assumption;
      left; apply Rmult_lt_0_compat; assumption. }
  assert (equal : (A - s) * (B - s) = (C + s) * (F + s)) by lra.
  assert (x 3%nat * (A - s) * (x 0%nat * (B - s))
    = x 0%nat * (C + s) * (x 3%nat * (F + s))); [|lra].
  replace (x 3%nat * (A - s) * (x 0%nat * (B - s)))
    with (x 3%nat * x 0%nat * ((A - s) * (B - s))) by ring.
  rewrite equal. ring.
Qed.

Lemma sharp : exists p q, law V p /\ law V q /\
  apart V p q D /\ apart V q p D /\
  forall alpha, ~ (low < mean V p M alpha < high /\
                   low < mean V q M alpha < high).
Proof.
  exists (on_the_ends 1 little), (on_the_ends (exp D) little).
  split; [apply on_the_ends_law; lra|].
  split; [apply on_the_ends_law, exp_pos|].
  split; [exact on_the_ends_apart|]. split; [|exact none_shared].
  apply apart_sym; [apply on_the_ends_law; lra|apply on_the_ends_law, exp_pos|].
  exact on_the_ends_apart.
Qed.
End Sharp.
