(* Two vectors at once: how one moves what the other is for, the price of both
   together, and where one undoes the other. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Concepts CrossEntropy Remainder Ceiling SideEffect.
Open Scope R_scope.

(* ---- The mean of any g along one vector ---- *)

Section One.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

Notation E := (mean V p M).
Notation spread alpha z := ((M z - E alpha) ^ 2 - variance V p M alpha).

Lemma centred_zero alpha : expect V p M alpha (fun z => M z - E alpha) = 0.
Proof.
  rewrite (expect_ext V p M _ (fun z => M z + - E alpha)) by (intros; ring).
  rewrite expect_plus, expect_const by assumption. unfold mean. ring.
Qed.

Lemma spread_zero alpha : expect V p M alpha (fun z => spread alpha z) = 0.
Proof.
  rewrite (expect_ext V p M _
    (fun z => (M z - E alpha) ^ 2 + - variance V p M alpha)) by (intros; ring).
  rewrite expect_plus, expect_const by assumption.
  unfold variance, moment. ring.
Qed.

Lemma expect_second g alpha :
  derivable_pt_lim (fun t => expect V p M t (fun z => (M z - E t) * g z)) alpha
    (expect V p M alpha (fun z => spread alpha z * g z)).
Proof.
  apply (derivable_ext (fun t => expect V p M t (fun z => M z * g z)
    - E t * expect V p M t g)).
  { intros t. rewrite (expect_ext V p M (fun z => (M z - E t) * g z)
      (fun z => M z * g z + - E t * g z)) by (intros; ring).
    rewrite expect_plus, expect_scal. ring. }
  eapply derivable_value.
  { apply derivable_minus; [apply expect_derivative; assumption|].
    apply derivable_mult; [apply mean_derivative|apply expect_derivative];
      assumption. }
  rewrite (expect_ext V p M (fun z => spread alpha z * g z)
    (fun z => (M z - E alpha) * (M z * g z)
      + (- E alpha * ((M z - E alpha) * g z)
        + - variance V p M alpha * g z))) by (intros; ring).
  rewrite !expect_plus, !expect_scal. ring.
Qed.

Lemma spread_on_set range alpha : ranges V M range ->
  expect V p M alpha (fun z => Rmax 0 (spread alpha z)) <=
    range ^ 2 / (6 * sqrt 3).
Proof.
  intros M_ranges. destruct sqrt3 as [S0 _].
  set (C := fun z => if Rlt_dec 0 (spread alpha z) then true else false).
  set (on := fun z => (if C z then 1 else 0) * spread alpha z).
  assert (on_max : forall z, Rmax 0 (spread alpha z) = on z).
  { intros z. unfold on, C. destruct (Rlt_dec 0 (spread alpha z)).
    - rewrite Rmax_right by lra. ring.
    - rewrite Rmax_left by lra. ring. }
  rewrite (expect_ext V p M _ on) by (intros; apply on_max).
  assert (bound_nonneg : 0 <= range ^ 2 / (6 * sqrt 3)).
  { apply Rmult_le_pos; [apply pow2_ge_0|].
    left. apply Rinv_0_lt_compat. lra. }
  destruct (existsb C V) eqn:inside.
  2: { replace (expect V p M alpha on) with 0; [exact bound_nonneg|].
       rewrite <- (expect_const V p M p_positive V_nonempty 0 alpha).
       apply expect_ext. intros z z_in. unfold on.
       destruct (C z) eqn:Cz; [exfalso|ring].
       apply Bool.not_true_iff_false in inside. apply inside.
       apply existsb_exists. exists z. split; assumption. }
  destruct (existsb (outside C) V) eqn:others.
  2: { replace (expect V p M alpha on) with 0; [exact bound_nonneg|].
       rewrite <- (spread_zero alpha). apply expect_ext. intros z z_in.
       unfold on. destruct (C z) eqn:Cz; [ring|exfalso].
       apply Bool.not_true_iff_false in others. apply others.
       apply existsb_exists. exists z. unfold outside. rewrite Cz.
       split; [exact z_in|reflexivity]. }
  assert (C_proper : proper C V).
  { split; apply existsb_exists; assumption. }
  replace (expect V p M alpha on) with (curvature V p M C alpha).
  - eapply Rle_trans; [apply Rle_abs|]. apply curvature_le; assumption.
  - apply (uniqueness_limite (covariance V p M C) alpha);
      [apply covariance_derivative; assumption|].
    apply (derivable_ext (fun t => expect V p M t
      (fun z => (M z - E t) * (if C z then 1 else 0)))).
    { intros t. apply expect_ext. intros; ring. }
    eapply derivable_value; [apply expect_second|].
    apply expect_ext. intros z _. unfold on. ring.
Qed.

(* |E'' g| is largest where g is at one end of its range on the tokens that
   are further than a standard deviation from the mean of M. *)
Lemma second_le g range width alpha : ranges V M range -> ranges V g width ->
  Rabs (expect V p M alpha (fun z => spread alpha z * g z)) <=
    width * (range ^ 2 / (6 * sqrt 3)).
Proof.
  intros M_ranges g_ranges.
  destruct (ranges_interval V g V_nonempty width g_ranges) as [lo between].
  pose proof (ranges_nonneg V g V_nonempty width g_ranges) as width_nonneg.
  pose proof (spread_on_set range alpha M_ranges) as most.
  set (up := expect V p M alpha (fun z => Rmax 0 (spread alpha z))) in *.
  replace (expect V p M alpha (fun z => spread alpha z * g z))
    with (expect V p M alpha (fun z => spread alpha z * (g z - lo))).
  2: { rewrite (expect_ext V p M (fun z => spread alpha z * (g z - lo))
         (fun z => spread alpha z * g z + - lo * spread alpha z))
         by (intros; ring).
       rewrite expect_plus, expect_scal, spread_zero. ring. }
  assert (upper : expect V p M alpha (fun z => spread alpha z * (g z - lo)) <=
      width * up).
  { unfold up. rewrite <- expect_scal. apply expect_le; try assumption.
    intros z z_in. specialize (between z z_in). unfold Rmax.
    destruct (Rle_dec 0 (spread alpha z)) as [over|under]; nra. }
  assert (lower : - (width * up) <=
      expect V p M alpha (fun z => spread alpha z * (g z - lo))).
  { replace (- (width * up)) with (expect V p M alpha (fun z =>
      width * spread alpha z + - width * Rmax 0 (spread alpha z)))
      by (rewrite expect_plus, !expect_scal, spread_zero; unfold up; ring).
    apply expect_le; try assumption.
    intros z z_in. specialize (between z z_in). unfold Rmax.
    destruct (Rle_dec 0 (spread alpha z)) as [over|under]; nra. }
  assert (width * up <= width * (range ^ 2 / (6 * sqrt 3)))
    by (apply Rmult_le_compat_l; assumption).
  apply Rabs_le. lra.
Qed.

Lemma mean_first_order g range width alpha :
  ranges V M range -> ranges V g width ->
  Rabs (expect V p M alpha g - expect V p M 0 g
    - alpha * expect V p M 0 (fun z => (M z - E 0) * g z)) <=
    alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3).
Proof.
  intros M_ranges g_ranges. destruct sqrt3 as [S0 _].
  replace (alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3))
    with (width * (range ^ 2 / (6 * sqrt 3)) / 2 * alpha ^ 2) by (field; lra).
  apply (taylor_remainder (fun t => expect V p M t g)
    (fun t => expect V p M t (fun z => (M z - E t) * g z))
    (fun t => expect V p M t (fun z => spread t z * g z))).
  - intros x. apply expect_derivative; assumption.
  - intros x. apply expect_second.
  - intros x. apply second_le; assumption.
Qed.
End One.

(* ---- Tilting by both is tilting by one, then by the other ---- *)

Section Both.
Context {A : Type}.
Variables (V : list A) (p : A -> R).
Hypothesis p_law : law V p.

Let p_positive : positive V p := proj1 p_law.
Let V_nonempty : V <> nil := law_nonempty V p p_law.

Lemma tilted_law M alpha : law V (tilt V p M alpha).
Proof.
  split; [intros z z_in; apply tilt_pos; assumption|].
  apply tilt_sum; assumption.
Qed.

Lemma partition_then (X Y : A -> R) s :
  partition V (tilt V p X 1) Y s =
    partition V p (fun z => X z + s * Y z) 1 / partition V p X 1.
Proof.
  unfold partition at 1 2. rewrite <- sum_div. apply sum_ext. intros z _.
  unfold weight at 1 2. rewrite !Rmult_1_l, exp_plus. unfold tilt, weight.
  rewrite Rmult_1_l. unfold Rdiv. ring.
Qed.

Lemma tilt_then (X Y : A -> R) s z :
  tilt V (tilt V p X 1) Y s z = tilt V p (fun z => X z + s * Y z) 1 z.
Proof.
  pose proof (partition_ne V p X p_positive V_nonempty 1) as Z0.
  pose proof (partition_ne V p (fun z => X z + s * Y z) p_positive V_nonempty
    1).
  unfold tilt at 1. rewrite partition_then. unfold tilt, weight.
  rewrite !Rmult_1_l, exp_plus. field. split; assumption.
Qed.

Lemma log_partition_then (X Y : A -> R) s :
  log_partition V (tilt V p X 1) Y s =
    log_partition V p (fun z => X z + s * Y z) 1 - log_partition V p X 1.
Proof.
  unfold log_partition. rewrite partition_then. unfold Rdiv.
  rewrite ln_mult, ln_Rinv;
    [reflexivity| | |apply Rinv_0_lt_compat]; apply partition_pos; assumption.
Qed.

Lemma tilt_same (X Y : A -> R) alpha z :
  (forall y, X y = Y y) -> tilt V p X alpha z = tilt V p Y alpha z.
Proof.
  intros same. unfold tilt, partition, weight. rewrite same. f_equal.
  apply sum_ext. intros y _. rewrite same. reflexivity.
Qed.

Variables (M N : A -> R).

Lemma joint_mean_second a b g :
  joint_mean V p M N a b g =
    expect V (tilt V p (both M N a 0) 1) N b g.
Proof.
  apply sum_ext. intros z _. rewrite tilt_then. f_equal.
  apply tilt_same. intros y. unfold both. ring.
Qed.

Lemma joint_mean_first a b g :
  joint_mean V p M N a b g =
    expect V (tilt V p (both M N 0 b) 1) M a g.
Proof.
  apply sum_ext. intros z _. rewrite tilt_then. f_equal.
  apply tilt_same. intros y. unfold both. ring.
Qed.

Lemma joint_mean_alone a g : joint_mean V p M N a 0 g = expect V p M a g.
Proof.
  apply sum_ext. intros z _. f_equal. unfold tilt, partition, weight, both.
  f_equal; [|apply sum_ext; intros y _]; do 2 f_equal; ring.
Qed.

(* E[(X - c) Y] is the covariance where c is the mean of X. *)
Lemma covariance_centred a b (X Y : A -> R) :
  joint_mean V p M N a b (fun z => (X z - joint_mean V p M N a b X) * Y z) =
  joint_mean V p M N a b (fun z => (X z - joint_mean V p M N a b X)
    * (Y z - joint_mean V p M N a b Y)).
Proof.
  set (x := joint_mean V p M N a b X). set (y := joint_mean V p M N a b Y).
  unfold joint_mean.
  rewrite (expect_ext V p (both M N a b) (fun z => (X z - x) * (Y z - y))
    (fun z => (X z - x) * Y z + (- y * X z + y * x))) by (intros; ring).
  rewrite !expect_plus, expect_scal, expect_const by assumption.
  fold (joint_mean V p M N a b X). fold x. ring.
Qed.

Lemma cross_second a b g :
  derivable_pt_lim (fun t => joint_mean V p M N a t g) b
    (joint_mean V p M N a b (fun z => (N z - joint_mean V p M N a b N)
      * (g z - joint_mean V p M N a b g))).
Proof.
  apply (derivable_ext
    (fun t => expect V (tilt V p (both M N a 0) 1) N t g));
    [intros; symmetry; apply joint_mean_second|].
  rewrite <- covariance_centred. eapply derivable_value.
  - apply expect_derivative; [apply tilted_law|exact V_nonempty].
  - unfold mean. rewrite <- !joint_mean_second. reflexivity.
Qed.

Lemma cross_first a b g :
  derivable_pt_lim (fun t => joint_mean V p M N t b g) a
    (joint_mean V p M N a b (fun z => (M z - joint_mean V p M N a b M)
      * (g z - joint_mean V p M N a b g))).
Proof.
  apply (derivable_ext
    (fun t => expect V (tilt V p (both M N 0 b) 1) M t g));
    [intros; symmetry; apply joint_mean_first|].
  rewrite <- covariance_centred. eapply derivable_value.
  - apply expect_derivative; [apply tilted_law|exact V_nonempty].
  - unfold mean. rewrite <- !joint_mean_first. reflexivity.
Qed.

Lemma cross_talk_slopes a b :
  derivable_pt_lim (fun t => joint_mean V p M N a t M) b
    (cross_talk V p M N a b) /\
  derivable_pt_lim (fun t => joint_mean V p M N t b N) a
    (cross_talk V p M N a b).
Proof.
  split; [|apply cross_first]. eapply derivable_value; [apply cross_second|].
  apply expect_ext. intros; ring.
Qed.

Lemma cross_talk_bound range width alpha :
  ranges V M range -> ranges V N width ->
  Rabs (joint_mean V p M N alpha 0 N - joint_mean V p M N 0 0 N
    - alpha * cross_talk V p M N 0 0) <=
    alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3).
Proof.
  intros M_ranges N_ranges. unfold cross_talk. rewrite <- covariance_centred.
  rewrite !joint_mean_alone.
  apply mean_first_order; assumption.
Qed.
End Both.

(* ---- The price of both ---- *)

Section Price.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M N : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation price := (joint_price V js w p M N).
Notation shift := (joint_shift V js w p M N).

Lemma joint_mean_zero j g : In j js -> joint_mean V (p j) M N 0 0 g =
  expect V (p j) M 0 g.
Proof. intros j_in. apply joint_mean_alone. Qed.

Lemma linear_mean j a b : In j js -> mean V (p j) (both M N a b) 0 =
  a * joint_mean V (p j) M N 0 0 M + b * joint_mean V (p j) M N 0 0 N.
Proof.
  intros j_in. pose proof (p_laws j j_in) as p_law.
  rewrite !joint_mean_zero by exact j_in. unfold mean, expect.
  rewrite <- !sum_scal, <- sum_plus. apply sum_ext. intros z _.
  rewrite !tilt_zero by exact p_law. unfold both. ring.
Qed.

(* Moving on from (a, b) by (x, y): the price there, the slopes there, and what
   the move costs the model that is steered already. *)
Lemma price_step a b x y :
  price (a + x) (b + y) = price a b + x * shift M a b + y * shift N a b
    + cross_entropy_increase V js w
        (fun j => joint_tilt V (p j) M N a b) (both M N x y) 1.
Proof.
  assert (steered : laws V js (fun j => joint_tilt V (p j) M N a b))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  unfold joint_price.
  rewrite (increase_cumulant V js w _ _ steered w_weights),
    !(increase_cumulant V js w p _ p_laws w_weights).
  unfold joint_shift. rewrite <- !sum_scal, <- !sum_plus. apply sum_ext.
  intros j j_in. pose proof (p_laws j j_in) as p_law.
  rewrite !linear_mean by exact j_in.
  unfold joint_tilt at 1. rewrite log_partition_then by exact p_law.
  replace (mean V (joint_tilt V (p j) M N a b) (both M N x y) 0)
    with (x * joint_mean V (p j) M N a b M + y * joint_mean V (p j) M N a b N).
  2: { unfold mean, expect, joint_mean, expect.
       rewrite <- !sum_scal, <- sum_plus. apply sum_ext. intros z _.
       rewrite tilt_zero by (apply tilted_law; exact p_law).
       unfold joint_tilt, both. ring. }
  replace (log_partition V (p j) (both M N (a + x) (b + y)) 1)
    with (log_partition V (p j)
      (fun z => both M N a b z + 1 * both M N x y z) 1).
  2: { unfold log_partition, partition, weight, both. f_equal. apply sum_ext.
       intros z _. do 2 f_equal. ring. }
  ring.
Qed.

Lemma step_nonneg a b x y :
  0 <= cross_entropy_increase V js w
    (fun j => joint_tilt V (p j) M N a b) (both M N x y) 1.
Proof.
  assert (steered : laws V js (fun j => joint_tilt V (p j) M N a b))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  assert (further : laws V js (fun j =>
      tilt V (joint_tilt V (p j) M N a b) (both M N x y) 1))
    by (intros j j_in; apply tilted_law, steered, j_in).
  rewrite (increase_KL V js w _ _ steered w_weights).
  apply (pooled_KL_nonneg V js w w_weights _ _); [|exact further].
  intros j j_in. destruct (steered j j_in) as [positive_s sum_s].
  split; [|exact sum_s]. intros z z_in. left. apply positive_s, z_in.
Qed.

Lemma step_positive a b y : varies V N -> y <> 0 ->
  0 < cross_entropy_increase V js w
    (fun j => joint_tilt V (p j) M N a b) (both M N 0 y) 1.
Proof.
  intros N_varies y_nonzero.
  assert (steered : laws V js (fun j => joint_tilt V (p j) M N a b))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  assert (varied : varies V (both M N 0 y)).
  { destruct N_varies as [s [t [s_in [t_in less]]]].
    destruct (Rlt_dec 0 y).
    - exists s, t. repeat split; try assumption. unfold both. nra.
    - exists t, s. repeat split; try assumption. unfold both. nra. }
  pose proof (increase_zero V js w (fun j => joint_tilt V (p j) M N a b)
    (both M N 0 y) steered w_weights) as start.
  pose proof (increase_grows V js w _ _ steered w_weights varied 0 1
    ltac:(lra) ltac:(lra)). lra.
Qed.

Lemma price_tangent a b a' b' :
  price a b + (a' - a) * shift M a b + (b' - b) * shift N a b <= price a' b'.
Proof.
  replace (price a' b') with (price (a + (a' - a)) (b + (b' - b)))
    by (f_equal; ring).
  rewrite price_step. pose proof (step_nonneg a b (a' - a) (b' - b)). lra.
Qed.

Lemma price_convex a b a' b' t : 0 <= t <= 1 ->
  price (t * a + (1 - t) * a') (t * b + (1 - t) * b') <=
    t * price a b + (1 - t) * price a' b'.
Proof.
  intros t_between. set (x := t * a + (1 - t) * a').
  set (y := t * b + (1 - t) * b').
  pose proof (price_tangent x y a b) as first.
  pose proof (price_tangent x y a' b') as second.
  apply (Rmult_le_compat_l t) in first; [|lra].
  apply (Rmult_le_compat_l (1 - t)) in second; [|lra].
  replace (t * (price x y + (a - x) * shift M x y + (b - y) * shift N x y))
    with (t * price x y + (1 - t) * (t * (a - a') * shift M x y
      + t * (b - b') * shift N x y)) in first by (unfold x, y; ring).
  replace ((1 - t) * (price x y + (a' - x) * shift M x y
      + (b' - y) * shift N x y))
    with ((1 - t) * price x y - (1 - t) * (t * (a - a') * shift M x y
      + t * (b - b') * shift N x y)) in second by (unfold x, y; ring).
  lra.
Qed.

Lemma shift_second g a b :
  derivable_pt_lim (fun t => shift g a t) b
    (joint_covariance V js w p M N N g a b).
Proof.
  apply (derivable_sum (fun t j => w j *
    (joint_mean V (p j) M N a t g - joint_mean V (p j) M N 0 0 g))).
  intros j j_in. apply derivable_scal. eapply derivable_value.
  - apply derivable_minus; [apply cross_second, p_laws, j_in|].
    apply derivable_pt_lim_const.
  - ring.
Qed.

Lemma shift_first g a b :
  derivable_pt_lim (fun t => shift g t b) a
    (joint_covariance V js w p M N M g a b).
Proof.
  apply (derivable_sum (fun t j => w j *
    (joint_mean V (p j) M N t b g - joint_mean V (p j) M N 0 0 g))).
  intros j j_in. apply derivable_scal. eapply derivable_value.
  - apply derivable_minus; [apply cross_first, p_laws, j_in|].
    apply derivable_pt_lim_const.
  - ring.
Qed.

Lemma price_second a b :
  derivable_pt_lim (fun t => price a t) b (shift N a b).
Proof.
  assert (steered : laws V js (fun j => joint_tilt V (p j) M N a 0))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  apply (derivable_ext (fun t => price a 0 + t * shift N a 0
    + cross_entropy_increase V js w
        (fun j => joint_tilt V (p j) M N a 0) N t)).
  { intros t. replace (price a t) with (price (a + 0) (0 + t))
      by (f_equal; ring).
    rewrite price_step, Rmult_0_l, Rplus_0_r. f_equal.
    unfold cross_entropy_increase, cross_entropy. f_equal. f_equal.
    apply sum_ext. intros j _. f_equal. apply sum_ext. intros z _.
    f_equal. f_equal. unfold tilt, partition, weight, both.
    f_equal; [|apply sum_ext; intros y _]; do 2 f_equal; ring. }
  eapply derivable_value.
  - apply derivable_plus; [apply derivable_plus;
      [apply derivable_pt_lim_const|]|].
    + apply (derivable_ext (fun t => shift N a 0 * t)); [intros; ring|].
      apply derivable_linear.
    + apply (increase_derivative V js w _ N steered w_weights).
  - unfold slope, joint_shift. rewrite Rplus_0_l, <- sum_plus. apply sum_ext.
    intros j j_in. pose proof (p_laws j j_in) as p_law.
    rewrite !(joint_mean_second V (p j) p_law M N a).
    unfold mean, joint_tilt. ring.
Qed.

Lemma price_first a b :
  derivable_pt_lim (fun t => price t b) a (shift M a b).
Proof.
  assert (steered : laws V js (fun j => joint_tilt V (p j) M N 0 b))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  apply (derivable_ext (fun t => price 0 b + t * shift M 0 b
    + cross_entropy_increase V js w
        (fun j => joint_tilt V (p j) M N 0 b) M t)).
  { intros t. replace (price t b) with (price (0 + t) (b + 0))
      by (f_equal; ring).
    rewrite price_step, Rmult_0_l, Rplus_0_r. f_equal.
    unfold cross_entropy_increase, cross_entropy. f_equal. f_equal.
    apply sum_ext. intros j _. f_equal. apply sum_ext. intros z _.
    f_equal. f_equal. unfold tilt, partition, weight, both.
    f_equal; [|apply sum_ext; intros y _]; do 2 f_equal; ring. }
  eapply derivable_value.
  - apply derivable_plus; [apply derivable_plus;
      [apply derivable_pt_lim_const|]|].
    + apply (derivable_ext (fun t => shift M 0 b * t)); [intros; ring|].
      apply derivable_linear.
    + apply (increase_derivative V js w _ M steered w_weights).
  - unfold slope, joint_shift. rewrite Rplus_0_l, <- sum_plus. apply sum_ext.
    intros j j_in. pose proof (p_laws j j_in) as p_law.
    rewrite (joint_mean_first V (p j) p_law M N a b),
      (joint_mean_first V (p j) p_law M N 0 b).
    unfold mean, joint_tilt. ring.
Qed.

Lemma price_hessian a b :
  derivable_pt_lim (fun t => price t b) a (shift M a b) /\
  derivable_pt_lim (price a) b (shift N a b) /\
  derivable_pt_lim (fun t => shift M t b) a
    (joint_covariance V js w p M N M M a b) /\
  derivable_pt_lim (shift M a) b (joint_covariance V js w p M N N M a b) /\
  derivable_pt_lim (shift N a) b (joint_covariance V js w p M N N N a b).
Proof.
  split; [apply price_first|]. split; [apply price_second|].
  split; [apply shift_first|]. split; apply shift_second.
Qed.

(* At a fixed a the price is least, and only there, where the second vector has
   brought the mean of its own log-odds back. *)
Lemma undone_cheapest a b : shift N a b = 0 ->
  forall b', price a b <= price a b' /\
    (varies V N -> b' <> b -> price a b < price a b').
Proof.
  intros undone b'.
  assert (E : price a b' = price a b + cross_entropy_increase V js w
      (fun j => joint_tilt V (p j) M N a b) (both M N 0 (b' - b)) 1).
  { replace (price a b') with (price (a + 0) (b + (b' - b))) by (f_equal; ring).
    rewrite price_step, undone. ring. }
  rewrite E. split.
  - pose proof (step_nonneg a b 0 (b' - b)). lra.
  - intros N_varies different.
    pose proof (step_positive a b (b' - b) N_varies ltac:(lra)). lra.
Qed.

Lemma undone_exists a : varies V N -> exists! b, shift N a b = 0.
Proof.
  intros N_varies.
  pose proof (V_nonempty V js w p p_laws w_weights) as V_full.
  destruct (highest_exists N V V_full) as [top top_highest].
  destruct (lowest_exists N V V_full) as [bottom bottom_lowest].
  assert (tilted : forall j, In j js -> law V (tilt V (p j) (both M N a 0) 1))
    by (intros j j_in; apply tilted_law, p_laws, j_in).
  set (start := fun j => joint_mean V (p j) M N 0 0 N).
  assert (between : forall j, In j js -> bottom < start j < top).
  { intros j j_in. unfold start.
    rewrite (joint_mean_second V (p j) (p_laws j j_in)).
    destruct (tilted_law V _ (p_laws j j_in) (both M N 0 0) 1) as [Pq _].
    destruct N_varies as [s [t [s_in [t_in less]]]].
    pose proof (proj2 bottom_lowest) as above.
    pose proof (proj2 top_highest) as below.
    split.
    - apply (mean_gt V _ N Pq V_full bottom 0 above). exists t.
      split; [exact t_in|]. specialize (above s s_in). lra.
    - apply (mean_lt V _ N Pq V_full top 0 below). exists s.
      split; [exact s_in|]. specialize (below t t_in). lra. }
  assert (shape : forall b, shift N a b = sum (fun j => w j *
      (mean V (tilt V (p j) (both M N a 0) 1) N b - start j)) js).
  { intros b. apply sum_ext. intros j j_in.
    rewrite (joint_mean_second V (p j) (p_laws j j_in) M N a). reflexivity. }
  assert (ends : tends_plus (fun b => shift N a b)
      (sum (fun j => w j * (top - start j)) js) /\
    tends_plus (fun b => -1 * shift N a (- b))
      (-1 * sum (fun j => w j * (bottom - start j)) js)).
  { split.
    - apply (tends_ext (fun b => sum (fun j => w j *
        (mean V (tilt V (p j) (both M N a 0) 1) N b - start j)) js));
        [intros; symmetry; apply shape|].
      apply (tends_sum (fun b j => w j *
        (mean V (tilt V (p j) (both M N a 0) 1) N b - start j))).
      intros j j_in. apply tends_scal, tends_minus_const, mean_limit;
        [apply tilted, j_in|exact V_full|exact top_highest].
    - apply tends_scal.
      apply (tends_ext (fun b => sum (fun j => w j *
        (mean V (tilt V (p j) (both M N a 0) 1) N (- b) - start j)) js));
        [intros; symmetry; apply shape|].
      apply (tends_sum (fun b j => w j *
        (mean V (tilt V (p j) (both M N a 0) 1) N (- b) - start j))).
      intros j j_in. apply tends_scal, tends_minus_const.
      apply (proj1 (tends_mirror _ _)), mean_limit_minus;
        [apply tilted, j_in|exact V_full|exact bottom_lowest]. }
  destruct ends as [right left].
  assert (high : 0 < sum (fun j => w j * (top - start j)) js).
  { apply sum_pos; [apply (js_nonempty js w w_weights)|]. intros j j_in.
    apply Rmult_lt_0_compat; [apply w_weights, j_in|].
    specialize (between j j_in). lra. }
  assert (low : 0 < sum (fun j => w j * (start j - bottom)) js).
  { apply sum_pos; [apply (js_nonempty js w w_weights)|]. intros j j_in.
    apply Rmult_lt_0_compat; [apply w_weights, j_in|].
    specialize (between j j_in). lra. }
  replace (-1 * sum (fun j => w j * (bottom - start j)) js)
    with (sum (fun j => w j * (start j - bottom)) js) in left
    by (rewrite <- sum_scal; apply sum_ext; intros; ring).
  destruct (tends_below _ _ right 0 high) as [x [x_positive x_above]].
  destruct (tends_below _ _ left 0 low) as [y [y_positive y_above]].
  assert (continuous : continuity (fun b => shift N a b)).
  { intros b. eapply derivable_continuity, shift_second. }
  destruct (intermediate_value (fun b => shift N a b) (- y) x 0 continuous)
    as [b [_ undone]]; [lra|lra|].
  exists b. split; [exact undone|]. intros b' undone'.
  destruct (Req_dec b b') as [same|different]; [exact same|exfalso].
  pose proof (proj2 (undone_cheapest a b undone b') N_varies
    (not_eq_sym different)).
  pose proof (proj2 (undone_cheapest a b' undone' b) N_varies different). lra.
Qed.

Lemma undone_once a : varies V N -> exists! b, shift N a b = 0 /\
  forall b', b' <> b -> price a b < price a b'.
Proof.
  intros N_varies. destruct (undone_exists a N_varies) as [b [undone unique]].
  exists b. split.
  - split; [exact undone|]. intros b' different.
    exact (proj2 (undone_cheapest a b undone b') N_varies different).
  - intros b' [undone' _]. apply unique, undone'.
Qed.
End Price.
