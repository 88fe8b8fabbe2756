(* Behind a final norm: which tokens dominate in the end, what that has to do
   with M at the last block, and that no prompt is left. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Transformer Rate.
Open Scope R_scope.

(* Values with different limits end in the order of these. *)
Lemma order_kept {A} (V : list A) (f : R -> A -> R) (lim : A -> R) z :
  (forall y, In y V -> tends_plus (fun a => f a y) (lim y)) -> In z V ->
  exists bound, forall a, bound < a -> forall y, In y V -> lim y < lim z ->
  f a y < f a z.
Proof.
  intros f_tends z_in. pose proof (f_tends z z_in) as z_tends. clear z_in.
  induction V as [|x V IH].
  - exists 0. intros a _ y [].
  - destruct IH as [b b_kept]; [intros; apply f_tends; right; assumption|].
    destruct (Rlt_le_dec (lim x) (lim z)) as [L|L].
    + set (gap := (lim z - lim x) / 2).
      assert (gap_positive : 0 < gap) by (unfold gap; lra).
      destruct (f_tends x (or_introl eq_refl) gap gap_positive) as [c near].
      destruct (z_tends gap gap_positive) as [e z_near].
      exists (Rmax b (Rmax c e)). intros a far y y_in less.
      pose proof (Rmax_l b (Rmax c e)). pose proof (Rmax_r b (Rmax c e)).
      pose proof (Rmax_l c e). pose proof (Rmax_r c e).
      destruct y_in as [<-|y_in]; [|apply b_kept; [lra|assumption..]].
      specialize (near a ltac:(lra)). specialize (z_near a ltac:(lra)).
      apply Rabs_def2 in near. apply Rabs_def2 in z_near. unfold gap in *. lra.
    + exists b. intros a far y [<-|y_in] less; [lra|].
      apply b_kept; assumption.
Qed.

Lemma softmax_order {A} (V : list A) (f : A -> R) y z : In z V -> f y < f z ->
  softmax V f y < softmax V f z.
Proof.
  intros z_in less. apply Rmult_lt_compat_r; [|apply exp_increasing, less].
  apply Rinv_0_lt_compat, sum_pos; [|intros; apply exp_pos]. intros E.
  rewrite E in z_in. exact z_in.
Qed.

Section Dominating.
Context {A : Type}.
Variables (n d : nat) (layers : list sublayer) (X v : stream) (eps : R)
  (gain bias : nat -> R) (t : nat) (V : list A) (U : A -> nat -> R) (z : A).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : (t < n)%nat.
Hypothesis z_in : In z V.

Notation output := (fun alpha => network layers (steered_stream X v alpha) t).

Lemma rms_dominating : (exists i, (i < d)%nat /\ v t i <> 0) ->
  let score alpha y := dot d (U y) (rms_norm d eps gain (output alpha)) in
  let limit y := dot d (U y) (rms_norm d 0 gain (v t)) in
  exists bound, forall alpha, bound < alpha -> forall y, In y V ->
  (limit y < limit z ->
    softmax V (score alpha) y < softmax V (score alpha) z) /\
  (limit z < limit y ->
    softmax V (score (- alpha)) y < softmax V (score (- alpha)) z).
Proof.
  intros nonzero score limit.
  destruct (order_kept V score limit z) as [b b_kept]; [|exact z_in|].
  { intros y _. apply rms_plus with (n := n); assumption. }
  destruct (order_kept V (fun a => score (- a)) (fun y => - limit y) z)
    as [c c_kept]; [|exact z_in|].
  { intros y _. apply (tends_mirror (fun a => score a y)).
    apply rms_minus with (n := n); assumption. }
  exists (Rmax b c). intros alpha far y y_in.
  pose proof (Rmax_l b c). pose proof (Rmax_r b c).
  split; intros less; apply softmax_order; try exact z_in;
    [apply b_kept|apply c_kept]; try assumption; lra.
Qed.

Lemma layer_dominating : (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  let score alpha y :=
    dot d (U y) (layer_norm d eps gain bias (output alpha)) in
  let limit sign y :=
    dot d (U y) (layer_norm d 0 gain bias (fun k => sign * v t k)) in
  exists bound, forall alpha, bound < alpha -> forall y, In y V ->
  (limit 1 y < limit 1 z ->
    softmax V (score alpha) y < softmax V (score alpha) z) /\
  (limit (-1) y < limit (-1) z ->
    softmax V (score (- alpha)) y < softmax V (score (- alpha)) z).
Proof.
  intros nonzero score limit.
  assert (same : forall sign y u, (forall k, u k = sign * v t k) ->
      dot d (U y) (layer_norm d 0 gain bias u) = limit sign y).
  { intros sign y u E. apply sum_ext. intros i _. f_equal. unfold layer_norm.
    f_equal. apply rms_norm_ext. intros k. unfold centred, row_average, average.
    rewrite E. f_equal. f_equal. apply sum_ext. intros l _. apply E. }
  destruct (order_kept V score (limit 1) z) as [b b_kept]; [|exact z_in|].
  { intros y _. rewrite <- (same 1 y (v t)) by (intros; ring).
    apply layer_plus with (n := n); assumption. }
  destruct (order_kept V (fun a => score (- a)) (limit (-1)) z)
    as [c c_kept]; [|exact z_in|].
  { intros y _. apply (tends_mirror (fun a => score a y)).
    rewrite <- (same (-1) y (fun k => - v t k)) by (intros; ring).
    apply layer_minus with (n := n); assumption. }
  exists (Rmax b c). intros alpha far y y_in.
  pose proof (Rmax_l b c). pose proof (Rmax_r b c).
  split; intros less; apply softmax_order; try exact z_in;
    [apply b_kept|apply c_kept]; try assumption; lra.
Qed.
End Dominating.

(* ---- M at the last block, where v is the difference of the means of h ---- *)

Lemma length_rms d eps x : 0 <= eps ->
  euclidean d x <= sqrt (INR d) * rms d eps x.
Proof.
  intros eps_nonneg. destruct d as [|k].
  - rewrite euclidean_empty. apply Rmult_le_pos; apply sqrt_pos.
  - unfold euclidean, rms. rewrite <- sqrt_mult_alt by apply pos_INR.
    apply sqrt_le_1_alt. unfold row_average, average. rewrite row_length.
    assert (0 < INR (S k)) by (apply lt_0_INR; lia).
    replace (dot (S k) x x) with (sum (fun i => x i ^ 2) (seq 0 (S k)))
      by (apply sum_ext; intros; ring).
    set (square := sum (fun i => x i ^ 2) (seq 0 (S k))).
    replace (INR (S k) * (square / INR (S k) + eps))
      with (square + INR (S k) * eps) by (field; lra). nra.
Qed.

Lemma normed_against d eps gain U x r : 0 <= eps -> 0 < r -> 0 < rms d eps x ->
  let G i := gain i * U i in
  Rabs (dot d U (rms_norm d eps gain x) - dot d G x / r) <=
  sqrt (INR d) * euclidean d G * Rabs (1 - rms d eps x / r).
Proof.
  intros eps_nonneg r_positive x_positive G.
  replace (dot d U (rms_norm d eps gain x) - dot d G x / r)
    with (dot d G x * (/ rms d eps x * (1 - rms d eps x / r))).
  2: { replace (dot d U (rms_norm d eps gain x))
         with (dot d G x / rms d eps x); [field; lra|].
       unfold dot. rewrite <- sum_div. apply sum_ext. intros i _.
       unfold rms_norm, G. field. lra. }
  rewrite !Rabs_mult, (Rabs_right (/ rms d eps x))
    by (left; apply Rinv_0_lt_compat; exact x_positive).
  rewrite <- !Rmult_assoc. apply Rmult_le_compat_r; [apply Rabs_pos|].
  apply (Rmult_le_reg_r (rms d eps x)); [exact x_positive|].
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  eapply Rle_trans; [apply cauchy_schwarz|].
  rewrite (Rmult_comm (sqrt (INR d))), Rmult_assoc.
  apply Rmult_le_compat_l; [apply norm_nonneg|].
  apply length_rms. exact eps_nonneg.
Qed.

Lemma average_difference {J} (f g h : J -> R) (l : list J) k : l <> nil ->
  (forall j, In j l -> Rabs (f j - g j) <= k * h j) ->
  Rabs (average f l - average g l) <= k * average h l.
Proof.
  intros l_nonempty near. unfold average. pose proof (length_pos l l_nonempty).
  replace (sum f l / INR (length l) - sum g l / INR (length l))
    with (sum (fun j => f j - g j) l * / INR (length l))
    by (rewrite sum_minus; unfold Rdiv; ring).
  rewrite Rabs_mult, (Rabs_right (/ INR (length l)))
    by (left; apply Rinv_0_lt_compat; assumption).
  unfold Rdiv. rewrite <- Rmult_assoc. apply Rmult_le_compat_r;
    [left; apply Rinv_0_lt_compat; assumption|].
  eapply Rle_trans; [apply sum_abs|]. rewrite <- sum_scal. apply sum_le.
  exact near.
Qed.

Lemma log_softmax {A} (V : list A) (f : A -> R) z : In z V ->
  ln (softmax V f z) = f z - ln (sum (fun y => exp (f y)) V).
Proof.
  intros z_in. unfold softmax, Rdiv.
  assert (0 < sum (fun y => exp (f y)) V).
  { apply sum_pos; [|intros; apply exp_pos]. intros E. rewrite E in z_in.
    exact z_in. }
  rewrite ln_mult, ln_exp, ln_Rinv; [ring|lra|apply exp_pos|].
  apply Rinv_0_lt_compat. assumption.
Qed.

Lemma softmax_log_odds {A J} (V : list A) (f : J -> A -> R) (P N : list J) :
  exists c, forall z, In z V ->
  log_odds (fun j => softmax V (f j)) P N z =
    average (fun j => f j z) P - average (fun j => f j z) N + c.
Proof.
  set (L := fun j => ln (sum (fun y => exp (f j y)) V)).
  exists (average L N - average L P). intros z z_in. unfold log_odds.
  rewrite (average_ext _ (fun j => f j z - L j) P),
    (average_ext _ (fun j => f j z - L j) N)
    by (intros; apply log_softmax; exact z_in).
  unfold average. rewrite !sum_minus. unfold Rdiv. ring.
Qed.

Section LastBlock.
Context {A J : Type}.
Variables (V : list A) (U : A -> nat -> R) (d : nat) (eps r : R)
  (gain : nat -> R) (h : J -> nat -> R) (P N : list J).
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis r_positive : 0 < r.
Hypothesis P_nonempty : P <> nil.
Hypothesis N_nonempty : N <> nil.

Notation spread x := (average (fun j => Rabs (1 - rms d eps (x j) / r)) P
  + average (fun j => Rabs (1 - rms d eps (x j) / r)) N).
Notation row z := (fun i => gain i * U z i).

Lemma dot_average y (x : J -> nat -> R) l :
  dot d y (fun i => average (fun j => x j i) l) =
  average (fun j => dot d y (x j)) l.
Proof.
  unfold dot, average.
  rewrite (sum_ext _ (fun i => sum (fun j => y i * x j i) l / INR (length l))).
  - rewrite sum_div. f_equal. apply sum_swap.
  - intros i _. unfold Rdiv. rewrite <- Rmult_assoc, sum_scal. reflexivity.
Qed.

Lemma means_against (x : J -> nat -> R) z :
  (forall j, In j P \/ In j N -> 0 < rms d eps (x j)) ->
  Rabs (average (fun j => dot d (U z) (rms_norm d eps gain (x j))) P
    - average (fun j => dot d (U z) (rms_norm d eps gain (x j))) N
    - dot d (row z) (steering_vector x P N) / r) <=
  sqrt (INR d) * euclidean d (row z) * spread x.
Proof.
  intros x_positive. set (k := sqrt (INR d) * euclidean d (row z)).
  assert (E : dot d (row z) (steering_vector x P N) / r =
    average (fun j => dot d (row z) (x j) / r) P
      - average (fun j => dot d (row z) (x j) / r) N).
  { unfold steering_vector.
    replace (dot d (row z) (fun i =>
        average (fun j => x j i) P - average (fun j => x j i) N))
      with (dot d (row z) (fun i => average (fun j => x j i) P)
        - dot d (row z) (fun i => average (fun j => x j i) N))
      by (unfold dot; rewrite <- sum_minus; apply sum_ext; intros; ring).
    rewrite !dot_average. unfold average. rewrite !sum_div. field.
    pose proof (length_pos P P_nonempty). pose proof (length_pos N N_nonempty).
    lra. }
  rewrite E.
  assert (on : forall l, l <> nil -> (forall j, In j l -> In j P \/ In j N) ->
    Rabs (average (fun j => dot d (U z) (rms_norm d eps gain (x j))) l
      - average (fun j => dot d (row z) (x j) / r) l) <=
    k * average (fun j => Rabs (1 - rms d eps (x j) / r)) l).
  { intros l l_nonempty within. apply average_difference; [exact l_nonempty|].
    intros j j_in.
    apply normed_against; try assumption. apply x_positive, within, j_in. }
  pose proof (on P P_nonempty (fun j j_in => or_introl j_in)) as of_p.
  pose proof (on N N_nonempty (fun j j_in => or_intror j_in)) as of_q.
  apply abs_bounds in of_p. apply abs_bounds in of_q.
  apply Rabs_le. lra.
Qed.

Lemma rms_last_block : (forall j, In j P \/ In j N -> 0 < rms d eps (h j)) ->
  exists c, forall z, In z V ->
  Rabs (log_odds (fun j => softmax V (fun y =>
      dot d (U y) (rms_norm d eps gain (h j)))) P N z - c
    - dot d (row z) (steering_vector h P N) / r) <=
  sqrt (INR d) * euclidean d (row z) * spread h.
Proof.
  intros h_positive.
  destruct (softmax_log_odds V
    (fun j y => dot d (U y) (rms_norm d eps gain (h j))) P N) as [c E].
  exists c. intros z z_in. rewrite (E z z_in).
  match goal with |- Rabs (?a + c - c - ?b) <= _ =>
    replace (a + c - c - b) with (a - b) by ring end.
  apply means_against. exact h_positive.
Qed.

Lemma layer_last_block (bias : nat -> R) :
  let x j := centred d (h j) in
  (forall j, In j P \/ In j N -> 0 < rms d eps (x j)) ->
  exists c, forall z, In z V ->
  Rabs (log_odds (fun j => softmax V (fun y =>
      dot d (U y) (layer_norm d eps gain bias (h j)))) P N z - c
    - dot d (row z) (steering_vector x P N) / r) <=
  sqrt (INR d) * euclidean d (row z) * spread x.
Proof.
  intros x x_positive.
  destruct (softmax_log_odds V
    (fun j y => dot d (U y) (layer_norm d eps gain bias (h j))) P N) as [c E].
  exists c. intros z z_in. rewrite (E z z_in).
  assert (S : forall l, l <> nil ->
    average (fun j => dot d (U z) (layer_norm d eps gain bias (h j))) l =
    average (fun j => dot d (U z) (rms_norm d eps gain (x j))) l
      + dot d (U z) bias).
  { intros l l_nonempty.
    rewrite <- (average_const (dot d (U z) bias) l l_nonempty).
    unfold average. rewrite <- Rdiv_plus_distr, <- sum_plus. f_equal.
    apply sum_ext. intros j _. unfold dot. rewrite <- sum_plus. apply sum_ext.
    intros i _. unfold layer_norm, x. ring. }
  rewrite !S by assumption.
  match goal with |- Rabs (?a + ?e - (?b + ?e) + c - c - ?f) <= _ =>
    replace (a + e - (b + e) + c - c - f) with (a - b - f) by ring end.
  apply means_against. exact x_positive.
Qed.
End LastBlock.

(* ---- No prompt is left ---- *)

Lemma within_both x y l b b' : Rabs (x - l) <= b -> Rabs (y - l) <= b' ->
  Rabs (x - y) <= b + b'.
Proof.
  intros X Y. apply abs_bounds in X. apply abs_bounds in Y. apply Rabs_le. lra.
Qed.

Lemma prompts_apart d layers X X' v v' t t' U eps gain u rho rho' alpha :
  0 <= eps -> v t = u -> v' t' = u ->
  (forall a, euclidean d (unsteered_part layers X v t a) <= rho) ->
  (forall a, euclidean d (unsteered_part layers X' v' t' a) <= rho') ->
  0 < alpha -> rho < alpha * euclidean d u -> rho' < alpha * euclidean d u ->
  let score Y w s a :=
    dot d U (rms_norm d eps gain (network layers (steered_stream Y w a) s)) in
  let speed := alpha * euclidean d u in
  let bound := euclidean d (fun i => gain i * U i) *
    (sharp_rate d eps rho speed + sharp_rate d eps rho' speed) in
  Rabs (score X v t alpha - score X' v' t' alpha) <= bound /\
  Rabs (score X v t (- alpha) - score X' v' t' (- alpha)) <= bound.
Proof.
  intros eps_nonneg <- same one other alpha_positive fast fast'.
  assert (any : exists g, forall k, (k < d)%nat -> Rabs (gain k) <= g).
  { exists (euclidean d gain). intros k k_lt_d. apply coordinate_le, k_lt_d. }
  destruct any as [g gain_bounded].
  pose proof (logit_rate d layers X v t rho alpha eps g gain U gain_bounded
    eps_nonneg alpha_positive one fast) as [A1 [B1 _]].
  rewrite <- same in fast'.
  pose proof (logit_rate d layers X' v' t' rho' alpha eps g gain U gain_bounded
    eps_nonneg alpha_positive other fast') as [A2 [B2 _]].
  rewrite same in A2, B2. simpl. rewrite Rmult_plus_distr_l.
  split; eapply within_both; eassumption.
Qed.

Lemma prompts_apart_layer d layers X X' v v' t t' U eps gain bias u rho rho'
    alpha :
  0 <= eps -> v t = u -> v' t' = u ->
  (forall a, euclidean d (centred d (unsteered_part layers X v t a)) <= rho) ->
  (forall a,
    euclidean d (centred d (unsteered_part layers X' v' t' a)) <= rho') ->
  0 < alpha -> rho < alpha * euclidean d (centred d u) ->
  rho' < alpha * euclidean d (centred d u) ->
  let score Y w s a := dot d U
    (layer_norm d eps gain bias (network layers (steered_stream Y w a) s)) in
  let speed := alpha * euclidean d (centred d u) in
  let bound := euclidean d (fun i => gain i * U i) *
    (sharp_rate d eps rho speed + sharp_rate d eps rho' speed) in
  Rabs (score X v t alpha - score X' v' t' alpha) <= bound /\
  Rabs (score X v t (- alpha) - score X' v' t' (- alpha)) <= bound.
Proof.
  intros eps_nonneg <- same one other alpha_positive fast fast'.
  assert (any : exists g, forall k, (k < d)%nat -> Rabs (gain k) <= g).
  { exists (euclidean d gain). intros k k_lt_d. apply coordinate_le, k_lt_d. }
  destruct any as [g gain_bounded].
  pose proof (layer_logit_rate d layers X v t rho alpha eps g gain bias U
    gain_bounded eps_nonneg alpha_positive one fast) as [A1 [B1 _]].
  rewrite <- same in fast'.
  pose proof (layer_logit_rate d layers X' v' t' rho' alpha eps g gain bias U
    gain_bounded eps_nonneg alpha_positive other fast') as [A2 [B2 _]].
  rewrite same in A2, B2. simpl. rewrite Rmult_plus_distr_l.
  split; eapply within_both; eassumption.
Qed.

(* Without a norm the limits are p given the tokens of largest M. *)
Section Tilts.
Context {A : Type}.
Variables (V : list A) (p q M : A -> R) (top gap : R).
Hypothesis p_law : law V p.
Hypothesis q_law : law V q.
Hypothesis top_highest : highest V M top.
Hypothesis gap_below : forall z, In z V -> M z <> top -> M z <= top - gap.

Notation ends := (variation_distance V (top_law V p M top) (top_law V q M top)).

Lemma tilts_apart alpha : 0 <= alpha ->
  Rabs (variation_distance V (tilt V p M alpha) (tilt V q M alpha) - ends) <=
  ((1 - top_mass V p M top) / top_mass V p M top
    + (1 - top_mass V q M top) / top_mass V q M top) * exp (- alpha * gap).
Proof.
  intros alpha_nonneg.
  pose proof (total_variation_rate V p M (proj1 p_law)
    (law_nonempty V p p_law) top top_highest (proj2 p_law) gap gap_below alpha
    alpha_nonneg) as of_p.
  pose proof (total_variation_rate V q M (proj1 q_law)
    (law_nonempty V q q_law) top top_highest (proj2 q_law) gap gap_below alpha
    alpha_nonneg) as of_q.
  set (f := fun z => Rabs (tilt V p M alpha z - top_law V p M top z)) in *.
  set (g := fun z => Rabs (tilt V q M alpha z - top_law V q M top z)) in *.
  assert (T : Rabs (
      sum (fun z => Rabs (tilt V p M alpha z - tilt V q M alpha z)) V
      - sum (fun z => Rabs (top_law V p M top z - top_law V q M top z)) V) <=
    sum f V + sum g V).
  { rewrite <- sum_minus, <- sum_plus. eapply Rle_trans; [apply sum_abs|].
    apply sum_le. intros z _. unfold f, g.
    eapply Rle_trans; [apply Rabs_triang_inv2|].
    replace (tilt V p M alpha z - tilt V q M alpha z
        - (top_law V p M top z - top_law V q M top z))
      with ((tilt V p M alpha z - top_law V p M top z)
        + - (tilt V q M alpha z - top_law V q M top z)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra. }
  unfold variation_distance.
  match goal with |- Rabs (?a / 2 - ?b / 2) <= _ =>
    replace (a / 2 - b / 2) with (/ 2 * (a - b)) by field end.
  rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. lra.
Qed.

Lemma ends_apart : ends = 0 <->
  (forall z, In z V -> top_law V p M top z = top_law V q M top z).
Proof.
  unfold variation_distance. split.
  - intros E z z_in.
    assert (S : sum (fun z =>
      Rabs (top_law V p M top z - top_law V q M top z)) V = 0) by lra.
    pose proof (term_le_sum
      (fun z => Rabs (top_law V p M top z - top_law V q M top z)) V z
      (fun y _ => Rabs_pos _) z_in) as small. cbv beta in small.
    pose proof (Rabs_pos (top_law V p M top z - top_law V q M top z)).
    assert (zero : Rabs (top_law V p M top z - top_law V q M top z) = 0) by lra.
    destruct (Req_dec (top_law V p M top z - top_law V q M top z) 0) as [O|O];
      [lra|apply Rabs_no_R0 in O; lra].
  - intros same. rewrite sum_zero; [unfold Rdiv; ring|].
    intros z z_in. rewrite (same z z_in), Rminus_diag_eq by reflexivity.
    apply Rabs_R0.
Qed.

(* One token of largest M, listed once: every prompt ends on it. *)
Lemma single_top z : NoDup V -> In z V ->
  (forall y, In y V -> M y = top -> y = z) -> ends = 0.
Proof.
  intros listed z_in single. apply ends_apart. intros y y_in.
  unfold top_law. destruct (level M top y) eqn:E; [|reflexivity].
  apply level_true in E. pose proof (single y y_in E) as ->.
  assert (S : forall f : A -> R, law V f -> f z / top_mass V f M top = 1).
  { intros f f_law.
    assert (top_mass V f M top = f z) as ->; [|].
    - unfold top_mass, members. rewrite sum_filter.
      clear - listed z_in single E. induction V as [|x l IH]; [contradiction|].
      inversion listed as [|? ? x_out l_listed]; subst. simpl.
      destruct z_in as [->|z_in].
      + rewrite (proj2 (level_true M (M z) z) eq_refl).
        rewrite sum_zero; [ring|]. intros y y_in.
        destruct (level M (M z) y) eqn:F; [|reflexivity]. exfalso.
        apply x_out. rewrite <- (single y); [exact y_in|right; exact y_in|].
        apply level_true in F. exact F.
      + rewrite IH; try assumption;
          [|intros; apply single; [right|]; assumption].
        destruct (level M (M z) x) eqn:F; [exfalso|ring].
        apply level_true in F.
        rewrite (single x (or_introl eq_refl) F) in x_out. contradiction.
    - field. apply Rgt_not_eq. apply f_law. exact z_in. }
  rewrite !S by assumption. reflexivity.
Qed.
End Tilts.
