(* Claims made elsewhere about steering strength: what they need to be true. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  Concepts CrossEntropy SideEffect TwoVectors Park Ceiling Saturation.
Open Scope R_scope.

Section Literature.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (T : A -> bool).
Hypothesis p_law : law V p.
Hypothesis T_proper : proper T V.

Notation F := (mass V p M T).

(* M is b + c on T and b off it: a tilt by the indicator of T. *)
Lemma one_value_each b c :
  (forall z, In z V -> M z = if T z then b + c else b) ->
  forall alpha, logit (F alpha) = logit (F 0) + c * alpha.
Proof.
  intros values.
  assert (same : forall alpha, F alpha = mass V p (indicator T) T (c * alpha)).
  { intros alpha. apply sum_ext. intros z z_in. apply members_in in z_in.
    rewrite <- (tilt_scaled V p (indicator T) c alpha z).
    apply (tilt_offset V p M _ b); [|apply z_in].
    intros y y_in. rewrite values by exact y_in. unfold indicator.
    destruct (T y); ring. }
  assert (laws V (tt :: nil) (fun _ => p)) by (intros j _; exact p_law).
  intros alpha. rewrite !same, Rmult_0_r.
  rewrite !(tilt_indicator_logit V (tt :: nil) (fun _ => p) H T T_proper _ tt)
    by (left; reflexivity).
  ring.
Qed.

Lemma mass_between alpha : 0 < F alpha < 1.
Proof.
  rewrite (mass_logistic V p M T (proj1 p_law) T_proper).
  apply logistic_range.
Qed.

(* A separated target leaves its start at a positive slope. *)
Lemma first_gain delta : 0 < delta -> margin T V M delta ->
  0 < delta * (F 0 * (1 - F 0)) <= covariance V p M T 0.
Proof.
  intros delta_positive T_margin. pose proof (mass_between 0).
  assert (0 < F 0 * (1 - F 0)) by (apply Rmult_lt_0_compat; lra).
  rewrite (covariance_means V p M T (proj1 p_law) T_proper).
  pose proof (nu_slope_ge V p M T (proj1 p_law) T_proper delta 0 T_margin).
  split; [apply Rmult_lt_0_compat; assumption|].
  rewrite Rmult_comm. apply Rmult_le_compat_l; lra.
Qed.

(* What is off the target keeps its probability only if nothing is steered. *)
Lemma rest_stays :
  (forall alpha z, In z V -> T z = false -> tilt V p M alpha z = p z) <->
  forall y z, In y V -> In z V -> M y = M z.
Proof.
  pose proof (law_nonempty V p p_law) as some_token. split.
  - intros stays y z y_in z_in.
    destruct (Rtotal_order (M y) (M z)) as [less|[same|more]];
      [exfalso|exact same|exfalso].
    all: assert (varies_M : varies V M)
      by (first [exists y, z; tauto|exists z, y; tauto]).
    all: destruct T_proper as [_ [x [x_in x_off]]]; unfold outside in x_off.
    all: assert (Tx : T x = false) by (destruct (T x); easy).
    all: assert (at_mean : forall alpha, mean V p M alpha = M x)
      by (intros alpha;
        pose proof (tilt_derivative V p M (proj1 p_law) some_token alpha x)
          as slope;
        assert (flat : derivable_pt_lim (fun t => tilt V p M t x) alpha 0)
          by (apply (derivable_ext (fun _ => p x));
            [intros t; symmetry; apply stays; assumption
            |apply derivable_pt_lim_const]);
        pose proof (uniqueness_limite _ _ _ _ slope flat) as zero;
        pose proof (tilt_pos V p M (proj1 p_law) some_token alpha x x_in);
        apply Rmult_integral in zero; lra).
    all: pose proof (mean_increasing V p M (proj1 p_law) some_token varies_M
      0 1 ltac:(lra)) as rises; rewrite !at_mean in rises; lra.
  - intros same alpha z z_in _.
    rewrite (tilt_offset V p M (fun _ => 0) (M z) alpha z)
      by (try (intros y y_in; rewrite (same y z) by assumption; ring);
        exact z_in).
    transitivity (tilt V p (fun _ => 0) 0 z); [|apply tilt_zero; exact p_law].
    unfold tilt, partition, weight. rewrite !Rmult_0_r. reflexivity.
Qed.

(* Given that the token is off the target, it does if M is constant there. *)
Lemma rest_given_stays :
  (forall alpha z, In z V -> T z = false ->
    given V p M (outside T) alpha z = given V p M (outside T) 0 z) <->
  forall y z, In y V -> In z V -> T y = false -> T z = false -> M y = M z.
Proof.
  assert (off : forall z, outside T z = true <-> T z = false)
    by (intros z; unfold outside; apply Bool.negb_true_iff).
  destruct (given_constant V p M (outside T) p_law (proj2 T_proper))
    as [stays flat]. split.
  - intros kept y z y_in z_in y_off z_off.
    apply stays; try (apply off); try assumption.
    intros alpha x x_in x_off. apply kept; [exact x_in|apply off, x_off].
  - intros same alpha z z_in z_off.
    apply flat; [|exact z_in|apply off, z_off].
    intros x y x_in y_in x_off y_off.
    apply same; try assumption; apply off; assumption.
Qed.

(* A score of the tokens without covariance with M. *)
Lemma uncorrelated_mean g range width alpha :
  ranges V M range -> ranges V g width ->
  expect V p M 0 (fun z => (M z - mean V p M 0) * g z) = 0 ->
  Rabs (expect V p M alpha g - expect V p M 0 g) <=
    alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3).
Proof.
  intros M_ranges g_ranges none.
  pose proof (mean_first_order V p M (proj1 p_law) (law_nonempty V p p_law) g
    range width alpha M_ranges g_ranges) as near.
  rewrite none, Rmult_0_r, Rminus_0_r in near. exact near.
Qed.

Lemma one_hump z : In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! a, increasing_until a (fun alpha => tilt V p M alpha z) /\
  decreasing_from a (fun alpha => tilt V p M alpha z).
Proof.
  intros z_in above below.
  apply (bump V p M (proj1 p_law) (law_nonempty V p p_law)); try assumption.
  destruct below as [y [y_in less]]. exists y, z.
  split; [exact y_in|split; [exact z_in|exact less]].
Qed.
End Literature.

(* Of two words: the share of one given both. *)
Lemma pair_constant {A} (V : list A) p M y z : law V p -> In y V -> In z V ->
  M y = M z -> forall alpha,
  tilt V p M alpha z / (tilt V p M alpha y + tilt V p M alpha z) =
    p z / (p y + p z).
Proof.
  intros p_law y_in z_in same alpha. rewrite pair_share by assumption.
  rewrite same, Rminus_diag_eq, Rmult_0_r, exp_0, Rmult_1_r by reflexivity.
  reflexivity.
Qed.
