(* The ceiling of any intervention: what a budget can buy at most,
   by Gibbs' inequality. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Bump
  Concepts CrossEntropy.
Open Scope R_scope.

(* ---- Two inequalities of one term ---- *)

Lemma ln_below x : 0 < x -> ln x <= x - 1.
Proof.
  intros x_positive. pose proof (exp_ineq1_le (ln x)) as E.
  rewrite exp_ln in E by exact x_positive. lra.
Qed.

Lemma ln_strictly_below x : 0 < x -> x <> 1 -> ln x < x - 1.
Proof.
  intros x_positive x_other.
  assert (L : ln x <> 0).
  { intros E. apply x_other. rewrite <- (exp_ln x x_positive), E. apply exp_0. }
  pose proof (exp_ineq1 (ln x) L) as E. rewrite exp_ln in E by exact x_positive.
  lra.
Qed.

Lemma ln_quotient x y : 0 < x -> 0 < y -> ln (x / y) = ln x - ln y.
Proof.
  intros x_positive y_positive. unfold Rdiv.
  rewrite ln_mult, ln_Rinv; try assumption; [ring|].
  apply Rinv_0_lt_compat; exact y_positive.
Qed.

Lemma gibbs_term a b : 0 <= a -> 0 < b -> a - b <= a * ln (a / b).
Proof.
  intros [a_positive|<-] b_positive; [|lra].
  assert (0 < b / a) by (apply Rdiv_lt_0_compat; assumption).
  pose proof (ln_below (b / a) ltac:(assumption)) as L.
  rewrite ln_quotient in * by assumption.
  apply (Rmult_le_compat_l a) in L; [|lra].
  replace (a * (b / a - 1)) with (b - a) in L by (field; lra). lra.
Qed.

Lemma gibbs_term_strict a b : 0 <= a -> 0 < b -> a <> b ->
  a - b < a * ln (a / b).
Proof.
  intros [a_positive|<-] b_positive a_other; [|lra].
  assert (0 < b / a) by (apply Rdiv_lt_0_compat; assumption).
  assert (b / a <> 1).
  { intros E. apply a_other. replace b with (b / a * a) by (field; lra).
    rewrite E. ring. }
  pose proof (ln_strictly_below (b / a) ltac:(assumption) ltac:(assumption))
    as L.
  rewrite ln_quotient in * by assumption.
  apply (Rmult_lt_compat_l a) in L; [|lra].
  replace (a * (b / a - 1)) with (b - a) in L by (field; lra). lra.
Qed.

Lemma sum_equal {A} (f g : A -> R) l : (forall z, In z l -> f z <= g z) ->
  sum g l <= sum f l -> forall z, In z l -> f z = g z.
Proof.
  intros f_le_g sums z z_in.
  destruct (f_le_g z z_in) as [L|L]; [exfalso|exact L].
  pose proof (sum_lt f g l f_le_g (ex_intro _ z (conj z_in L))). lra.
Qed.

Section Ceiling.
Context {A J : Type}.
Implicit Types (q : J -> A -> R).
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

(* ---- Reverse divergence: the tilt is best for the mean of M ---- *)

Lemma KL_nonneg (q t : A -> R) : (forall z, In z V -> 0 <= q z) ->
  positive V t -> sum q V = sum t V -> 0 <= KL V q t.
Proof.
  intros q_nonneg t_positive sums.
  replace 0 with (sum (fun z => q z - t z) V) by (rewrite sum_minus; lra).
  apply sum_le. intros z z_in. apply gibbs_term; auto.
Qed.

Lemma KL_zero (q t : A -> R) : (forall z, In z V -> 0 <= q z) ->
  positive V t -> sum q V = sum t V -> KL V q t <= 0 ->
  forall z, In z V -> q z = t z.
Proof.
  intros q_nonneg t_positive sums q_near z z_in.
  destruct (Req_dec (q z) (t z)) as [E|q_other]; [exact E|exfalso].
  assert (sum (fun z => q z - t z) V < KL V q t).
  { apply sum_lt; [intros; apply gibbs_term; auto|].
    exists z. split; [exact z_in|]. apply gibbs_term_strict; auto. }
  rewrite sum_minus in *. lra.
Qed.

Lemma KL_by_tilt (u q M : A -> R) alpha : law V u ->
  (forall z, In z V -> 0 <= q z) -> sum q V = 1 ->
  KL V q u = KL V q (tilt V u M alpha)
    + alpha * sum (fun z => q z * M z) V - log_partition V u M alpha.
Proof.
  intros u_law q_nonneg q_sum.
  pose proof (law_nonempty V u u_law) as V_nonempty.
  pose proof u_law as [u_positive _]. unfold KL.
  transitivity (sum (fun z => q z * ln (q z / tilt V u M alpha z)
      + alpha * (q z * M z) - log_partition V u M alpha * q z) V).
  - apply sum_ext. intros z z_in. pose proof (u_positive z z_in) as Pz.
    pose proof (tilt_pos V u M u_positive V_nonempty alpha z z_in) as Tz.
    destruct (q_nonneg z z_in) as [Qz|<-]; [|ring].
    rewrite !ln_quotient by assumption.
    rewrite (tilt_log V u M u_positive V_nonempty alpha z).
    rewrite ln_mult, ln_exp by (try apply exp_pos; assumption). ring.
  - rewrite sum_minus, sum_plus, !sum_scal, q_sum. ring.
Qed.

Notation tilted M alpha := (fun j => tilt V (p j) M alpha).

Lemma tilt_distribution M alpha j : In j js ->
  positive V (tilt V (p j) M alpha) /\ sum (tilt V (p j) M alpha) V = 1.
Proof.
  intros j_in. pose proof (p_laws j j_in) as p_law.
  pose proof (law_nonempty V (p j) p_law) as V_nonempty.
  destruct p_law as [p_positive _]. split.
  - intros z z_in. apply tilt_pos; assumption.
  - apply tilt_sum; assumption.
Qed.

(* What q costs more than the tilt, less its distance from it,
   is alpha times what it lifts the mean of M more. *)
Lemma pooled_gain M alpha q : distributions V js q ->
  alpha * (sum (fun j => w j * sum (fun z => q j z * M z) V) js
    - sum (fun j => w j * mean V (p j) M alpha) js)
  = pooled_KL V js w q p - pooled_KL V js w (tilted M alpha) p
    - pooled_KL V js w q (tilted M alpha).
Proof.
  intros q_any. unfold pooled_KL.
  rewrite <- !sum_minus, <- sum_scal. apply sum_ext. intros j j_in.
  destruct (q_any j j_in) as [q_nonneg q_sum].
  destruct (tilt_distribution M alpha j j_in) as [t_positive t_sum].
  rewrite (KL_by_tilt (p j) (q j) M alpha (p_laws j j_in) q_nonneg q_sum).
  rewrite (KL_by_tilt (p j) (tilt V (p j) M alpha) M alpha (p_laws j j_in))
    by (try exact t_sum; intros; left; apply t_positive; assumption).
  assert (E : KL V (tilt V (p j) M alpha) (tilt V (p j) M alpha) = 0).
  { apply sum_zero. intros z z_in. pose proof (t_positive z z_in).
    unfold Rdiv. rewrite Rinv_r, ln_1 by lra. ring. }
  rewrite E. unfold mean, expect. ring.
Qed.

Lemma pooled_KL_nonneg q t : distributions V js q -> laws V js t ->
  0 <= pooled_KL V js w q t.
Proof.
  intros q_any t_laws. apply sum_nonneg. intros j j_in.
  destruct (q_any j j_in) as [q_nonneg q_sum].
  destruct (t_laws j j_in) as [t_positive t_sum].
  apply Rmult_le_pos; [left; apply w_weights; exact j_in|].
  apply KL_nonneg; [exact q_nonneg|exact t_positive|lra].
Qed.

Lemma pooled_KL_zero q t : distributions V js q -> laws V js t ->
  pooled_KL V js w q t <= 0 ->
  forall j z, In j js -> In z V -> q j z = t j z.
Proof.
  intros q_any t_laws near j z j_in z_in.
  destruct (q_any j j_in) as [q_nonneg q_sum].
  destruct (t_laws j j_in) as [t_positive t_sum].
  apply KL_zero; try assumption; [lra|].
  assert (W : 0 < w j) by (apply w_weights; exact j_in).
  assert (L : w j * KL V (q j) (t j) <= 0).
  { apply Rle_trans with (2 := near).
    apply (term_le_sum (fun j => w j * KL V (q j) (t j)) js j); [|exact j_in].
    intros i i_in. destruct (q_any i i_in) as [qi_nonneg qi_sum].
    destruct (t_laws i i_in) as [ti_positive ti_sum].
    apply Rmult_le_pos; [left; apply w_weights; exact i_in|].
    apply KL_nonneg; [exact qi_nonneg|exact ti_positive|lra]. }
  apply (Rmult_le_reg_l (w j)); lra.
Qed.

Lemma best_mean M alpha q : 0 < alpha -> distributions V js q ->
  pooled_KL V js w q p <= pooled_KL V js w (tilted M alpha) p ->
  let lifted := sum (fun j => w j * sum (fun z => q j z * M z) V) js in
  let best := sum (fun j => w j * mean V (p j) M alpha) js in
  lifted <= best /\
  (lifted = best ->
    forall j z, In j js -> In z V -> q j z = tilt V (p j) M alpha z).
Proof.
  intros alpha_positive q_any cheap lifted best.
  pose proof (pooled_gain M alpha q q_any) as G. fold lifted best in G.
  assert (t_laws : laws V js (tilted M alpha))
    by (intros j j_in; exact (tilt_distribution M alpha j j_in)).
  pose proof (pooled_KL_nonneg q _ q_any t_laws) as N. split.
  - apply (Rmult_le_reg_l alpha); [exact alpha_positive|]. lra.
  - intros E. rewrite E, Rminus_diag_eq, Rmult_0_r in G by reflexivity.
    exact (pooled_KL_zero q _ q_any t_laws ltac:(lra)).
Qed.

(* ---- The target's indicator ---- *)

Variable T : A -> bool.
Hypothesis T_proper : proper T V.

Notation F := (share_of V p T).

Lemma outside_share (q : J -> A -> R) j : sum (q j) V = 1 ->
  sum (q j) (members (outside T) V) = 1 - share_of V q T j.
Proof.
  intros q_sum. rewrite <- q_sum, (sum_split T (q j) V). unfold share_of. ring.
Qed.

Lemma share_between q j : law V (q j) -> 0 < share_of V q T j < 1.
Proof.
  intros [q_positive q_sum]. destruct T_proper as [T_inhabited T_rest].
  pose proof (outside_share q j q_sum).
  assert (0 < share_of V q T j).
  { apply sum_pos; [apply members_nonempty; exact T_inhabited|].
    intros z z_in. apply members_in in z_in. apply q_positive, z_in. }
  assert (0 < sum (q j) (members (outside T) V)).
  { apply sum_pos; [apply members_nonempty; exact T_rest|].
    intros z z_in. apply members_in in z_in. apply q_positive, z_in. }
  lra.
Qed.

Lemma sum_on_off (q : J -> A -> R) j a b : sum (q j) V = 1 ->
  sum (fun z => q j z * (if T z then a else b)) V
  = share_of V q T j * a + (1 - share_of V q T j) * b.
Proof.
  intros q_sum. rewrite <- (outside_share q j q_sum).
  rewrite (sum_split T _ V). unfold share_of. rewrite <- !sum_scal_r.
  f_equal; apply sum_ext; intros z z_in.
  - apply members_in in z_in. destruct z_in as [_ ->]. reflexivity.
  - apply outside_in in z_in. destruct z_in as [_ ->]. reflexivity.
Qed.

Lemma indicator_mean q j : sum (q j) V = 1 ->
  sum (fun z => q j z * indicator T z) V = share_of V q T j.
Proof.
  intros q_sum. unfold indicator. rewrite sum_on_off by exact q_sum. ring.
Qed.

Section WithMass.
Variable f : J -> R.
Hypothesis f_between : forall j, In j js -> 0 < f j < 1.
Notation t := (with_mass V p T f).

Lemma with_mass_value j z : t j z = p j z *
  (if T z then f j / F j else (1 - f j) / (1 - F j)).
Proof. unfold with_mass. destruct (T z); reflexivity. Qed.

Lemma with_mass_law : laws V js t.
Proof.
  intros j j_in. pose proof (share_between p j (p_laws j j_in)) as B.
  pose proof (f_between j j_in) as Bf.
  destruct (p_laws j j_in) as [p_positive p_sum]. split.
  - intros z z_in. rewrite with_mass_value. pose proof (p_positive z z_in).
    apply Rmult_lt_0_compat; [assumption|].
    destruct (T z); apply Rdiv_lt_0_compat; lra.
  - rewrite (sum_ext _ _ _ (fun z _ => with_mass_value j z)).
    rewrite sum_on_off by exact p_sum. field. lra.
Qed.

Lemma with_mass_share j : In j js -> share_of V t T j = f j.
Proof.
  intros j_in. pose proof (share_between p j (p_laws j j_in)) as B.
  unfold share_of at 1.
  rewrite (sum_ext _ (fun z => p j z * (f j / F j))).
  - rewrite sum_scal_r. unfold share_of. unfold share_of in B. field. lra.
  - intros z z_in. apply members_in in z_in. rewrite with_mass_value.
    destruct z_in as [_ ->]. reflexivity.
Qed.

Lemma with_mass_log j z : In j js -> In z V ->
  ln (p j z / t j z)
  = (if T z then ln (F j / f j) else ln ((1 - F j) / (1 - f j))) /\
  ln (t j z / p j z)
  = (if T z then ln (f j / F j) else ln ((1 - f j) / (1 - F j))).
Proof.
  intros j_in z_in. pose proof (share_between p j (p_laws j j_in)) as B.
  pose proof (f_between j j_in). pose proof (proj1 (p_laws j j_in) z z_in).
  rewrite with_mass_value. destruct (T z); split; f_equal; field; lra.
Qed.

Lemma with_mass_forward : pooled_KL V js w p t
  = sum (fun j => w j * binary_KL (F j) (f j)) js.
Proof.
  apply sum_ext. intros j j_in. f_equal. unfold KL.
  rewrite (sum_ext _ (fun z => p j z *
    (if T z then ln (F j / f j) else ln ((1 - F j) / (1 - f j))))).
  - rewrite sum_on_off by apply (p_laws j j_in). reflexivity.
  - intros z z_in. rewrite (proj1 (with_mass_log j z j_in z_in)). reflexivity.
Qed.

Lemma with_mass_reverse : pooled_KL V js w t p
  = sum (fun j => w j * binary_KL (f j) (F j)) js.
Proof.
  apply sum_ext. intros j j_in. f_equal. unfold KL.
  rewrite (sum_ext _ (fun z => t j z *
    (if T z then ln (f j / F j) else ln ((1 - f j) / (1 - F j))))).
  - rewrite sum_on_off by apply (with_mass_law j j_in).
    rewrite with_mass_share by exact j_in. reflexivity.
  - intros z z_in. rewrite (proj2 (with_mass_log j z j_in z_in)). reflexivity.
Qed.
End WithMass.

(* The tilt by the indicator keeps the laws given T and given not T. *)
Lemma tilt_indicator beta j z : In j js -> In z V ->
  let f j := mass V (p j) (indicator T) T beta in
  tilt V (p j) (indicator T) beta z = with_mass V p T f j z.
Proof.
  intros j_in z_in f. pose proof (share_between p j (p_laws j j_in)) as B.
  destruct (p_laws j j_in) as [p_positive p_sum].
  set (Z := partition V (p j) (indicator T) beta).
  assert (Zval : Z = F j * exp beta + (1 - F j)).
  { unfold Z, partition, weight.
    rewrite (sum_ext _ (fun z => p j z * (if T z then exp beta else 1))).
    - rewrite sum_on_off by exact p_sum. ring.
    - intros y _. unfold indicator. destruct (T y); f_equal;
        [f_equal; ring|rewrite Rmult_0_r; apply exp_0]. }
  pose proof (exp_pos beta) as e_positive.
  assert (0 < F j * exp beta) by (apply Rmult_lt_0_compat; lra).
  assert (fval : f j = F j * exp beta / Z).
  { unfold f, mass, tilt. fold Z. rewrite sum_div. f_equal.
    unfold share_of. rewrite <- sum_scal_r. apply sum_ext. intros y y_in.
    apply members_in in y_in. unfold weight, indicator.
    destruct y_in as [_ ->]. f_equal. f_equal. ring. }
  rewrite with_mass_value, fval. unfold tilt. fold Z. unfold weight, indicator.
  destruct (T z).
  - rewrite Rmult_1_r. field. lra.
  - rewrite Rmult_0_r, exp_0. rewrite Zval. field. lra.
Qed.

Lemma tilt_indicator_logit beta j : In j js ->
  logit (mass V (p j) (indicator T) T beta) = logit (F j) + beta.
Proof.
  intros j_in. pose proof (p_laws j j_in) as p_law.
  pose proof (share_between p j p_law) as B.
  unfold share_of in *.
  rewrite <- (mass_zero V (p j) (indicator T) T p_law).
  rewrite !logit_mass by (try exact T_proper; apply p_law).
  unfold set_log_odds, log_partition.
  assert (E : forall alpha,
    ln (partition (members T V) (p j) (indicator T) alpha)
    = alpha + ln (sum (p j) (members T V)) /\
    ln (partition (members (outside T) V) (p j) (indicator T) alpha)
    = ln (sum (p j) (members (outside T) V))).
  { intros alpha. unfold partition. split.
    - rewrite (sum_ext _ (fun z => p j z * exp alpha)).
      + rewrite sum_scal_r, ln_mult, ln_exp; [ring|apply B|apply exp_pos].
      + intros z z_in. apply members_in in z_in. unfold weight, indicator.
        destruct z_in as [_ ->]. f_equal. f_equal. ring.
    - f_equal. apply sum_ext. intros z z_in. apply outside_in in z_in.
      unfold weight, indicator. destruct z_in as [_ ->].
      rewrite Rmult_0_r, exp_0. ring. }
  rewrite !(proj1 (E _)), !(proj2 (E _)). ring.
Qed.

Lemma mass_between beta j : In j js ->
  0 < mass V (p j) (indicator T) T beta < 1.
Proof.
  intros j_in. apply (share_between (fun j => tilt V (p j) (indicator T) beta)).
  apply tilt_distribution; exact j_in.
Qed.

Lemma reverse_ceiling beta : 0 < beta ->
  let f j := mass V (p j) (indicator T) T beta in
  let tilted j := tilt V (p j) (indicator T) beta in
  let price := sum (fun j => w j * binary_KL (f j) (F j)) js in
  let ceiling := sum (fun j => w j * f j) js in
  (forall j, In j js -> logit (f j) = logit (F j) + beta) /\
  pooled_KL V js w tilted p = price /\
  forall q, distributions V js q -> pooled_KL V js w q p <= price ->
  pooled_share V js w q T <= ceiling /\
  (pooled_share V js w q T = ceiling ->
    forall j z, In j js -> In z V -> q j z = tilted j z).
Proof.
  intros beta_positive f tilted price ceiling.
  assert (P : pooled_KL V js w tilted p = price).
  { unfold price. rewrite <- with_mass_reverse
      by (intros; apply mass_between; assumption).
    apply sum_ext. intros j j_in. f_equal. apply sum_ext. intros z z_in.
    unfold tilted. rewrite (tilt_indicator beta j z j_in z_in). reflexivity. }
  split; [intros; apply tilt_indicator_logit; assumption|].
  split; [exact P|]. intros q q_any cheap.
  rewrite <- P in cheap.
  pose proof (best_mean (indicator T) beta q beta_positive q_any cheap) as B.
  cbv zeta in B.
  assert (E : sum (fun j => w j * sum (fun z => q j z * indicator T z) V) js
    = pooled_share V js w q T).
  { apply sum_ext. intros j j_in. f_equal. apply indicator_mean, q_any, j_in. }
  assert (E' : sum (fun j => w j * mean V (p j) (indicator T) beta) js
    = ceiling).
  { apply sum_ext. intros j j_in. f_equal.
    apply (indicator_mean tilted), tilt_distribution, j_in. }
  rewrite E, E' in B. exact B.
Qed.

(* ---- Forward divergence ---- *)

Lemma ceiling_mass_root mu x : 0 < mu -> 0 < x < 1 ->
  let f := ceiling_mass mu x in
  0 < f < 1 /\ f - x = mu * f * (1 - f).
Proof.
  intros mu_positive x_between f. unfold f, ceiling_mass.
  set (D := (1 - mu) ^ 2 + 4 * mu * x). set (s := sqrt D).
  assert (0 < mu * x) by (apply Rmult_lt_0_compat; lra).
  assert (0 < mu * (1 - x)) by (apply Rmult_lt_0_compat; lra).
  assert (Dpos : 0 <= D)
    by (unfold D; pose proof (pow2_ge_0 (1 - mu)); lra).
  assert (S2 : s * s = D) by (apply sqrt_sqrt; exact Dpos).
  assert (s_nonneg : 0 <= s) by apply sqrt_pos. unfold D in S2.
  assert (above : 1 - mu < s) by nra.
  assert (below_one : s < 1 + mu) by nra.
  split; [split|].
  - apply Rdiv_lt_0_compat; lra.
  - apply (Rmult_lt_reg_r (2 * mu)); [lra|].
    replace ((mu - 1 + s) / (2 * mu) * (2 * mu)) with (mu - 1 + s)
      by (field; lra). lra.
  - assert (x_value : x = (s * s - (1 - mu) ^ 2) / (4 * mu))
      by (rewrite S2; field; lra).
    rewrite x_value. field. lra.
Qed.

Lemma forward_ceiling mu : 0 < mu ->
  let f j := ceiling_mass mu (F j) in
  let best := with_mass V p T f in
  let price := sum (fun j => w j * binary_KL (F j) (f j)) js in
  let ceiling := sum (fun j => w j * f j) js in
  (forall j, In j js -> 0 < f j < 1 /\ f j - F j = mu * f j * (1 - f j)) /\
  laws V js best /\
  pooled_KL V js w p best = price /\ pooled_share V js w best T = ceiling /\
  forall q, laws V js q -> pooled_KL V js w p q <= price ->
  pooled_share V js w q T <= ceiling /\
  (pooled_share V js w q T = ceiling ->
    forall j z, In j js -> In z V -> q j z = best j z).
Proof.
  intros mu_positive f best price ceiling.
  assert (R : forall j, In j js ->
    0 < f j < 1 /\ f j - F j = mu * f j * (1 - f j)).
  { intros j j_in. apply ceiling_mass_root; [exact mu_positive|].
    apply share_between, p_laws, j_in. }
  assert (f_between : forall j, In j js -> 0 < f j < 1)
    by (intros; apply R; assumption).
  assert (best_laws := with_mass_law f f_between).
  assert (P : pooled_KL V js w p best = price)
    by exact (with_mass_forward f f_between).
  split; [exact R|]. split; [exact best_laws|]. split; [exact P|]. split.
  { apply sum_ext. intros j j_in. f_equal. apply with_mass_share; exact j_in. }
  intros q q_laws cheap.
  (* p ln(best/q) >= p - q p/best, where p/best is 1 - mu (1 - f) on T
     and 1 + mu f off it *)
  assert (ratio : forall j z, In j js -> In z V ->
    p j z / best j z = if T z then 1 - mu * (1 - f j) else 1 + mu * f j).
  { intros j z j_in z_in. destruct (R j j_in) as [B E].
    pose proof (share_between p j (p_laws j j_in)) as BF.
    pose proof (proj1 (p_laws j j_in) z z_in).
    unfold best. rewrite with_mass_value.
    replace (F j) with (f j - mu * f j * (1 - f j)) in * by lra.
    destruct (T z); field; repeat split; nra. }
  assert (gain : forall j, In j js ->
    sum (fun z => p j z - q j z * (p j z / best j z)) V
    = mu * (share_of V q T j - f j)).
  { intros j j_in. rewrite sum_minus.
    rewrite (sum_ext (fun z => q j z * (p j z / best j z)) (fun z => q j z *
      (if T z then 1 - mu * (1 - f j) else 1 + mu * f j)))
      by (intros z z_in; rewrite ratio by assumption; reflexivity).
    rewrite sum_on_off by apply (q_laws j j_in).
    rewrite (proj2 (p_laws j j_in)). ring. }
  assert (term : forall j z, In j js -> In z V ->
    p j z - q j z * (p j z / best j z)
    <= p j z * ln (p j z / q j z) - p j z * ln (p j z / best j z) /\
    (q j z <> best j z -> p j z - q j z * (p j z / best j z)
    < p j z * ln (p j z / q j z) - p j z * ln (p j z / best j z))).
  { intros j z j_in z_in.
    pose proof (proj1 (p_laws j j_in) z z_in) as Pz.
    pose proof (proj1 (q_laws j j_in) z z_in) as Qz.
    pose proof (proj1 (best_laws j j_in) z z_in) as Bz. fold best in Bz.
    assert (X : 0 < q j z / best j z) by (apply Rdiv_lt_0_compat; assumption).
    replace (p j z - q j z * (p j z / best j z))
      with (p j z * (1 - q j z / best j z)) by (field; lra).
    replace (p j z * ln (p j z / q j z) - p j z * ln (p j z / best j z))
      with (p j z * - ln (q j z / best j z))
      by (rewrite !ln_quotient by assumption; ring).
    split.
    - apply Rmult_le_compat_l; [lra|]. pose proof (ln_below _ X). lra.
    - intros other. apply Rmult_lt_compat_l; [exact Pz|].
      assert (q j z / best j z <> 1).
      { intros E. apply other.
        replace (q j z) with (q j z / best j z * best j z) by (field; lra).
        rewrite E. ring. }
      pose proof (ln_strictly_below _ X ltac:(assumption)). lra. }
  assert (each : forall j, In j js -> w j * (mu * (share_of V q T j - f j))
    <= w j * (KL V (p j) (q j) - KL V (p j) (best j))).
  { intros j j_in.
    apply Rmult_le_compat_l; [left; apply w_weights; exact j_in|].
    rewrite <- gain by exact j_in. unfold KL. rewrite <- sum_minus.
    apply sum_le. intros z z_in. apply term; assumption. }
  assert (total : sum (fun j => w j * (mu * (share_of V q T j - f j))) js
    = mu * (pooled_share V js w q T - ceiling)).
  { unfold pooled_share, ceiling. rewrite <- sum_minus, <- sum_scal.
    apply sum_ext. intros; ring. }
  assert (spent :
    sum (fun j => w j * (KL V (p j) (q j) - KL V (p j) (best j))) js <= 0).
  { rewrite (sum_ext _ (fun j => w j * KL V (p j) (q j)
      - w j * KL V (p j) (best j))) by (intros; ring).
    rewrite sum_minus. unfold pooled_KL in P, cheap. lra. }
  pose proof (sum_le _ _ js each) as L. rewrite total in L. split.
  - apply (Rmult_le_reg_l mu); [exact mu_positive|]. lra.
  - intros E j z j_in z_in. rewrite E in total.
    rewrite Rminus_diag_eq, Rmult_0_r in total by reflexivity.
    assert (back :
      sum (fun j => w j * (KL V (p j) (q j) - KL V (p j) (best j))) js
      <= sum (fun j => w j * (mu * (share_of V q T j - f j))) js)
      by (rewrite total; exact spent).
    pose proof (sum_equal _ _ js each back j j_in) as Ej. cbv beta in Ej.
    assert (W : 0 < w j) by (apply w_weights; exact j_in).
    apply Rmult_eq_reg_l in Ej; [|lra]. rewrite <- gain in Ej by exact j_in.
    destruct (Req_dec (q j z) (best j z)) as [same|other]; [exact same|exfalso].
    unfold KL in Ej. rewrite <- sum_minus in Ej.
    assert (sum (fun z => p j z - q j z * (p j z / best j z)) V
      < sum (fun z => p j z * ln (p j z / q j z)
          - p j z * ln (p j z / best j z)) V); [|lra].
    apply sum_lt; [intros; apply term; assumption|].
    exists z. split; [exact z_in|]. apply term; assumption.
Qed.

End Ceiling.
