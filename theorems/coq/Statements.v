(* All results on one page. Every notion is in Definitions.v, over Coq's
   standard library alone; derivable_pt_lim, is_lub, exp, ln, tanh, sqrt are
   the standard library's. Claim ids tie each theorem to the paper; a theorem
   "in the paper's setting" is about the trained, steered model; any other is
   about every finite distribution p > 0 (a law) and all log-odds M. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Counts Calculus Infinity
  Tilt Limits Bump CrossEntropy Bounds Bennett Remainder Budget Feasible
  Ceiling Concepts Saturation Model Dataset Signs Strength Window Reverse
  Transformer
  Rate Attention FeedForward Network
  Existence Training Setting Paper Threshold Gradient Table Witness
  Behaviours Errata Hypotheses Orders Estimated SideEffect NormCircle
  Sequence TwoVectors Park
  Scaling Separation Presence LastBlock Literature.
Open Scope R_scope.

(* ======== The hypotheses can be met ======== *)

(* claim: assumption-1.parametrisation *)
Theorem assumption_1_parametrisation :
  forall (A J : Type) (V : list A) kz (kc : J -> nat) (b u : A -> R),
  (forall z, In z V -> 0 < b z) -> sum b V < 1 ->
  (forall z, In z V -> 0 < u z) ->
  (forall z, In z V -> sum u (members (in_target kz (kz z)) V) = 1) ->
  (forall j, exists z, In z V /\ kz z = kc j) ->
  (forall z, In z V -> exists y, In y V /\ kz y <> kz z) ->
  let a z := b z + (1 - sum b V) * u z in
  assumption_1 V kz kc a b
    (fun j z => if Nat.eqb (kz z) (kc j) then a z else b z).
Proof. exact @rates_assumption. Qed.

(* claim: assumption-1.parametrisation; a rate for each context *)
Theorem assumption_1_parametrisation_varying :
  forall (A J : Type) (V : list A) kz (kc : J -> nat) (b : A -> R)
    (u : J -> A -> R),
  (forall z, In z V -> 0 < b z) -> sum b V < 1 ->
  (forall j z, In z V -> 0 < u j z) ->
  (forall j z, In z V -> sum (u j) (members (in_target kz (kz z)) V) = 1) ->
  (forall j, exists z, In z V /\ kz z = kc j) ->
  (forall z, In z V -> exists y, In y V /\ kz y <> kz z) ->
  let a j z := b z + (1 - sum b V) * u j z in
  assumption_1_varying V kz kc a b
    (fun j z => if Nat.eqb (kz z) (kc j) then a j z else b z).
Proof. exact @varying_rates_assumption. Qed.

(* claim: assumption-1.varying; one rate for all contexts is a special case *)
Theorem assumption_1_special :
  forall (A J : Type) (V : list A) kz (kc : J -> nat) a b p,
  (J -> (assumption_1 V kz kc a b p <->
    assumption_1_varying V kz kc (fun _ => a) b p)) /\
  forall d W H P N target, paper_setting V kz kc a b p d W H P N target <->
    varying_setting V kz kc (fun _ => a) b p d W H P N target.
Proof. exact @special_case. Qed.

(* claim: assumption-2.attainable *)
Theorem assumption_2_attainable :
  forall (J : Type) (V : list nat) (p : J -> nat -> R),
  (forall j, law V (p j)) ->
  exists d (W : nat -> nat -> R) (H : J -> nat -> R), trained V d W H p.
Proof. exact @model_exists. Qed.

(* claim: assumption-2.floor; a perfectly trained
   model has the least cross-entropy *)
Theorem assumption_2_floor :
  forall (A J : Type) (V : list A) (p q : J -> A -> R) js w,
  (forall j, law V (p j)) -> (forall j, law V (q j)) ->
  (forall j, In j js -> 0 < w j) ->
  cross_entropy V js w p p <= cross_entropy V js w p q.
Proof.
  intros A J V p q js w p_laws q_laws w_positive.
  exact (cross_entropy_floor V p p_laws q js w q_laws w_positive).
Qed.

(* claim: assumption-2.floor; no other distributions have it *)
Theorem assumption_2_floor_reached :
  forall (A J : Type) (V : list A) (p q : J -> A -> R) js w,
  (forall j, law V (p j)) -> (forall j, law V (q j)) ->
  (forall j, In j js -> 0 < w j) ->
  cross_entropy V js w p q <= cross_entropy V js w p p ->
  forall j z, In j js -> In z V -> q j z = p j z.
Proof. exact @floor_reached. Qed.

(* claim: assumption-2.minimiser; where perfect training is attainable in
   dimension d, it is to minimise the cross-entropy over all (W, H) *)
Theorem assumption_2_minimiser :
  forall (A J : Type) (V : list A) d (p : J -> A -> R) js w,
  V <> nil -> (forall j, law V (p j)) -> (forall j, In j js) ->
  (forall j, In j js -> 0 < w j) ->
  (exists W H, trained V d W H p) -> forall W H,
  trained V d W H p <->
  forall W' H',
  embedding_loss V d W p js w H <= embedding_loss V d W' p js w H'.
Proof. exact @trained_minimises. Qed.

(* claim: assumption-2.rank; perfect training is attainable in dimension d iff
   d is at least the rank of the centred log-probabilities, the rank of a
   matrix being the least d through which it is a product *)
Theorem assumption_2_rank :
  forall (A J : Type) (V : list A) (p : J -> A -> R),
  V <> nil -> (forall j, law V (p j)) ->
  (forall y z : A, {y = z} + {y <> z}) ->
  exists r, rank V (centred_log V p) r /\ (r <= length V)%nat /\
  forall d, (exists W H, trained V d W H p) <-> (r <= d)%nat.
Proof. exact @attainable_rank. Qed.

(* claim: assumption-2.rank; of G concepts it is at most G *)
Theorem assumption_2_rank_concepts :
  forall (A J : Type) (V : list A) kz (kc : J -> nat) a b p G,
  assumption_1 V kz kc a b p -> V <> nil -> (forall j, (kc j < G)%nat) ->
  exists r, rank V (centred_log V p) r /\ (r <= G)%nat.
Proof. exact @rank_concepts. Qed.

(* claim: setting.consistent; one trained model meets every hypothesis used
   below: no ties, a bump, a concept that vanishes, one that decreases *)
Theorem setting_consistent :
  exists (V : list nat) kz (kc : bool * bool -> nat) a b p d W H P N target,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 3 2 /\
  length P = length N /\
  (forall y z, In y V -> In z V -> log_odds p P N y = log_odds p P N z ->
    y = z) /\
  (exists x y z, In x V /\ In y V /\ In z V /\ kz y = target /\
    log_odds p P N x < log_odds p P N y < log_odds p P N z) /\
  (exists k, k <> target /\ inhabited (in_target kz k) V /\
    forall y, In y V -> kz y = k -> exists x z, In x V /\ In z V /\
    log_odds p P N x < log_odds p P N y < log_odds p P N z) /\
  (exists k, k <> target /\ inhabited (in_target kz k) V /\
    forall y z, In y V -> In z V -> kz y = k -> kz z <> k ->
    log_odds p P N y <= log_odds p P N z).
Proof. exact rich_setting. Qed.

(* ======== Definition 2.1: a dataset of counted pairs ======== *)

Section Pairs.
Context {A J : Type}.
Variables (same_context : forall i j : J, {i = j} + {i <> j})
  (same_token : forall y z : A, {y = z} + {y <> z})
  (V : list A) (js : list J) (pairs : list (J * A)).
Hypothesis pairs_dataset : dataset V js pairs.

Notation p := (next_token_share same_context same_token pairs).
Notation w := (context_share same_context pairs).

(* claim: definition-2.1.cross-entropy; the mean loss over
   pairs, of any model, is the cross-entropy over contexts *)
Theorem definition_2_1_cross_entropy : forall q : J -> A -> R,
  pairs_cross_entropy pairs q = cross_entropy V js w p q.
Proof.
  exact (counted_cross_entropy same_context same_token V js pairs
      pairs_dataset).
Qed.

(* claim: definition-2.1.law; seen with every token, a context
   has a distribution p > 0; seen at all, a weight > 0 *)
Theorem definition_2_1_law :
  (forall j,
   (forall z, In z V ->
     exists pair, In pair pairs /\ fst pair = j /\ snd pair = z) ->
   V <> nil -> law V (p j)) /\
  ((forall j, In j js -> exists pair, In pair pairs /\ fst pair = j) ->
   weights js w).
Proof.
  split; [exact (counted_law same_context same_token V js pairs
      pairs_dataset)|].
  exact (counted_weights same_context V js pairs pairs_dataset).
Qed.
End Pairs.

(* ======== Section 2: from the model to the tilt ======== *)

Section Model.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R)
  (p : J -> A -> R) (d : nat) (W : A -> nat -> R) (H : J -> nat -> R)
  (P N : list J) (target : nat).

(* claim: lemma-b2.affine *)
Theorem lemma_b2_affine : forall j alpha z,
  steered_logits d W H P N j alpha z = logits d W (H j) z +
    alpha * (average (fun i => logits d W (H i) z) P
      - average (fun i => logits d W (H i) z) N).
Proof. apply steered_affine. Qed.

(* claim: lemma-b3.tilt *)
Theorem lemma_b3_tilt : V <> nil -> P <> nil -> N <> nil -> trained V d W H p ->
  forall j alpha z, In z V -> steered_law V d W H P N j alpha z =
    p j z * exp (alpha * log_odds p P N z) /
    sum (fun y => p j y * exp (alpha * log_odds p P N y)) V.
Proof.
  intros V_nonempty P_nonempty N_nonempty model_trained j alpha z z_in.
  exact (steered_tilt V d W H p P N V_nonempty model_trained P_nonempty
      N_nonempty j alpha z z_in).
Qed.

(* claim: lemma-b3.tilt; in logit space the
   steering vector is M up to a constant *)
Theorem lemma_b3_direction : V <> nil -> P <> nil -> N <> nil ->
  trained V d W H p ->
  exists c, forall z, In z V ->
  logits d W (steering_vector H P N) z = log_odds p P N z + c.
Proof.
  intros V_nonempty P_nonempty N_nonempty model_trained.
  exists (average (offset V d W H) P - average (offset V d W H) N).
  exact (vector_log_odds V d W H p P N V_nonempty model_trained P_nonempty
      N_nonempty).
Qed.

(* claim: lemma-b4.sign; the value of M *)
Theorem lemma_b4_value : assumption_1 V kz kc a b p -> P <> nil -> N <> nil ->
  forall z, In z V ->
  log_odds p P N z = concept_weight kc P N (kz z) * ln (a z / b z).
Proof.
  intros two_rates P_nonempty N_nonempty z z_in.
  exact
    (log_odds_rates V kz kc a b p P N two_rates z P_nonempty N_nonempty z_in).
Qed.

(* claim: lemma-b4.sign *)
Theorem lemma_b4_sign : assumption_1 V kz kc a b p -> P <> nil -> N <> nil ->
  0 < concept_weight kc P N target ->
  (forall k, k <> target -> concept_weight kc P N k <= 0) ->
  forall z, In z V -> (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros two_rates P_nonempty N_nonempty target_weight other_weights z z_in.
  exact (log_odds_sign V kz kc a b p P N two_rates target z P_nonempty
      N_nonempty target_weight other_weights z_in).
Qed.

(* claim: lemma-b4.sign; steering sets have such weights *)
Theorem lemma_b4_weights : steering_sets kc target P N ->
  concept_weight kc P N target = 1 /\ forall k, k <> target ->
  concept_weight kc P N k <= 0.
Proof.
  intros steering.
  split; [exact (weight_target kc P N target steering)
      |exact (weight_other kc P N target steering)].
Qed.

(* claim: lemma-b4.sign; the value of M, where the rate of
   a token inside its own concept depends on the context *)
Theorem lemma_b4_value_varying :
  forall rate : J -> A -> R, assumption_1_varying V kz kc rate b p ->
  P <> nil -> N <> nil -> forall z, In z V ->
  let gain i := if Nat.eqb (kz z) (kc i) then ln (rate i z / b z) else 0 in
  log_odds p P N z = average gain P - average gain N.
Proof.
  intros rate [above [_ rates]] P_nonempty N_nonempty z z_in.
  apply (varying_value V kz kc rate b p P N); try assumption.
  intros j y y_in. apply above, y_in.
Qed.

(* claim: lemma-b4.sign; the rate of a token inside
   its own concept may depend on the context *)
Theorem lemma_b4_varying :
  forall rate : J -> A -> R, (forall j z, In z V -> 0 < b z < rate j z) ->
  (forall j z, In z V ->
    p j z = if Nat.eqb (kz z) (kc j) then rate j z else b z) ->
  steering_sets kc target P N -> forall z, In z V ->
  (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros rate rate_above_b p_rates steering z z_in.
  exact (varying_sign V kz kc rate b p P N target rate_above_b p_rates steering
      z z_in).
Qed.
End Model.

(* ======== Scaling: the peak for c v is the peak for v, over c ======== *)

(* claim: thm-3.3.bump, scaling.length; alpha(c v) = alpha(v) / c, infinite
   peaks included *)
Theorem thm_3_3_scaling :
  forall (A : Type) (V : list A) p M c z s, c <> 0 ->
  (peak (probability_increase V p M z) s <->
   peak (probability_increase V p (fun y => c * M y) z) (divided s c)).
Proof. exact @scaled_increase. Qed.

(* claim: thm-3.3.bump, scaling.length; the same, of the model steered along
   c v *)
Theorem thm_3_3_scaling_vector :
  forall (A J : Type) (V : list A) d W (H : J -> nat -> R) P N p c j z s,
  c <> 0 ->
  (peak (steered_increase V d W H P N p j z) s <->
   peak (fun alpha => softmax V (logits d W
     (fun i => H j i + alpha * (c * steering_vector H P N i))) z - p j z)
     (divided s c)).
Proof. exact @scaled_vector. Qed.

(* claim: thm-3.3.peak-order, scaling.length; c > 0 keeps the order of peaks,
   c < 0 reverses it *)
Theorem thm_3_3_scaling_order : forall s t c,
  (0 < c -> (below s t <-> below (divided s c) (divided t c))) /\
  (c < 0 -> (below s t <-> below (divided t c) (divided s c))).
Proof. exact divided_below. Qed.

(* claim: scaling.length; every curve: probabilities, masses and the loss *)
Theorem scaling_length :
  forall (A J : Type) (V : list A) (js : list J) w p M c alpha,
  (forall j z, tilt V (p j) (fun y => c * M y) alpha z =
    tilt V (p j) M (c * alpha) z) /\
  (forall j C, mass V (p j) (fun y => c * M y) C alpha =
    mass V (p j) M C (c * alpha)) /\
  cross_entropy_increase V js w p (fun y => c * M y) alpha =
    cross_entropy_increase V js w p M (c * alpha).
Proof.
  intros. split; [intros; apply tilt_scaled|].
  split; [intros; apply mass_scaled|apply loss_scaled].
Qed.

(* claim: scaling.unit-length; of the same data there is a perfectly trained
   model with a vector of any length, so of unit vectors no strength is a
   property of the data *)
Theorem scaling_unit_length : forall (A J : Type) (V : list A) d W
    (H : J -> nat -> R) p P N, trained V d W H p ->
  0 < euclidean d (steering_vector H P N) -> forall length, 0 < length ->
  exists W' H', trained V d W' H' p /\
  euclidean d (steering_vector H' P N) = length /\
  forall j alpha z,
  logits d W' (fun i => H' j i + alpha * (steering_vector H' P N i / length)) z
    = steered_logits d W H P N j (alpha / length) z.
Proof. exact @any_length. Qed.

(* ======== Lemma B.4 as an assumption ======== *)

(* claim: sign-separation.order; the signs of Lemma B.4, up to an offset of M,
   which no curve knows *)
Theorem sign_separation_signs : forall (A : Type) (V : list A) M T,
  proper T V -> (separated T V M <->
    exists c, forall z, In z V -> (0 < M z + c <-> T z = true)).
Proof. exact @separated_signs. Qed.

(* claim: sign-separation.order; for whichever distribution p *)
Theorem sign_separation_order : forall (A : Type) (V : list A) p M T,
  law V p -> varies V M -> (separated T V M <->
    forall y z s t, In y V -> In z V -> T y = false -> T z = true ->
    peak (probability_increase V p M y) s ->
    peak (probability_increase V p M z) t -> below s t).
Proof. intros A V p M T p_law. exact (separated_peaks V p M T p_law). Qed.

(* claim: sign-separation.pairs; no rates a and b are asked for *)
Theorem sign_separation_pairs :
  forall (A J : Type) (V : list A) (p : J -> A -> R) P N T g tau,
  P <> nil -> N <> nil ->
  (forall i k z, In i P -> In k N -> In z V -> T z = true ->
    g <= ln (p i z) - ln (p k z)) ->
  (forall i k z, In i P -> In k N -> In z V -> T z = false ->
    ln (p i z) - ln (p k z) <= tau) ->
  margin T V (log_odds p P N) (g - tau).
Proof. exact @pairs_margin. Qed.

(* ======== The tilt: Lemma B.5 and the cumulants ======== *)

(* claim: lemma-b5.derivative *)
Theorem lemma_b5_derivative : forall (A : Type) (V : list A) p M,
  positive V p -> V <> nil -> forall alpha z,
  derivable_pt_lim (fun t => tilt V p M t z) alpha
    (tilt V p M alpha z * (M z - mean V p M alpha)).
Proof. exact @tilt_derivative. Qed.

(* claim: tilt.cumulants *)
Theorem tilt_cumulants : forall (A : Type) (V : list A) p M, positive V p ->
  V <> nil -> forall alpha,
  derivable_pt_lim (log_partition V p M) alpha (mean V p M alpha) /\
  derivable_pt_lim (mean V p M) alpha (variance V p M alpha) /\
  derivable_pt_lim (variance V p M) alpha (moment V p M alpha 3) /\
  (varies V M -> 0 < variance V p M alpha).
Proof. exact @cumulant_derivatives. Qed.

(* claim: tilt.mean *)
Theorem tilt_mean : forall (A : Type) (V : list A) p M top bottom,
  positive V p -> V <> nil -> varies V M ->
  highest V M top -> lowest V M bottom ->
  increasing (mean V p M) /\ tends_plus (mean V p M) top /\
  tends_minus (mean V p M) bottom.
Proof. exact @mean_range. Qed.

(* ======== Every order ======== *)

(* claim: tilt.all-orders; the recursion of the complete Bell polynomials *)
Theorem bell_recursion : forall x, bell x 0 = 1 /\
  forall k, bell x (S k) =
    sum (fun i => Binomial.C k i * bell x (k - i) * x (S i)) (seq 0 (S k)).
Proof. intros x. split; [exact (bell_zero x)|exact (bell_step x)]. Qed.

(* claim: tilt.all-orders; cumulants are the derivatives
   of K, and the moments are their Bell polynomials *)
Theorem cumulants_all_orders :
  forall (A : Type) (V : list A) p M, positive V p -> V <> nil ->
  derivatives (log_partition V p M) (cumulant V p M) /\
  (forall k alpha, cumulant V p M (S k) alpha = raw_moment V p M (S k) alpha
     - sum (fun i => Binomial.C k i * cumulant V p M (S i) alpha *
       raw_moment V p M (k - i) alpha) (seq 0 k)) /\
  (forall n alpha, raw_moment V p M n alpha =
    bell (fun i => cumulant V p M i alpha) n) /\
  (forall alpha, cumulant V p M 1 alpha = mean V p M alpha /\
     cumulant V p M 2 alpha = variance V p M alpha /\
     cumulant V p M 3 alpha = moment V p M alpha 3).
Proof. exact @cumulants_all. Qed.

(* claim: tilt.all-orders *)
Theorem tilt_all_orders : forall (A : Type) (V : list A) p M, positive V p ->
  V <> nil -> forall z,
  derivatives (fun alpha => tilt V p M alpha z) (fun n alpha =>
    tilt V p M alpha z * bell (fun i =>
      match i with
      | 1%nat => M z - cumulant V p M 1 alpha
      | _ => - cumulant V p M i alpha
      end) n).
Proof. exact @tilt_derivatives. Qed.

(* claim: tilt.all-orders; a set of tokens, by its
   cumulants minus those of the vocabulary *)
Theorem concept_all_orders :
  forall (A : Type) (V : list A) p M C, positive V p -> inhabited C V ->
  derivatives (mass V p M C) (fun n alpha => mass V p M C alpha * bell (fun i =>
    cumulant (members C V) p M i alpha - cumulant V p M i alpha) n).
Proof. exact @concept_derivatives. Qed.

(* claim: tilt.all-orders; the loss *)
Theorem cross_entropy_all_orders :
  forall (A J : Type) (V : list A) (js : list J) w p M,
  laws V js p -> weights js w ->
  derivatives (cross_entropy_increase V js w p M) (fun n alpha =>
    match n with
    | O => cross_entropy_increase V js w p M alpha
    | 1%nat => sum (fun j =>
        w j * (cumulant V (p j) M 1 alpha - cumulant V (p j) M 1 0)) js
    | _ => sum (fun j => w j * cumulant V (p j) M n alpha) js
    end).
Proof. exact @loss_derivatives. Qed.

(* ======== Theorem 3.3 ======== *)

Section Thm33.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_law : law V p.
Hypothesis M_varies : varies V M.

(* claim: thm-3.3.bump *)
Theorem thm_3_3_bump : forall z, In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! a, increasing_until a (probability_increase V p M z) /\
  decreasing_from a (probability_increase V p M z).
Proof.
  exact (increase_bump V p M (proj1 p_law) (law_nonempty V p p_law) M_varies).
Qed.

(* claim: thm-3.3.bump; every token has exactly one
   peak in the extended reals *)
Theorem thm_3_3_peak : forall z, In z V ->
  exists! s, peak (probability_increase V p M z) s.
Proof.
  exact
    (increase_peaks_once V p M (proj1 p_law) (law_nonempty V p p_law) M_varies).
Qed.

(* claim: thm-3.3.peak-order *)
Theorem thm_3_3_peak_order : forall y z s t, In y V -> In z V -> M y < M z ->
  peak (probability_increase V p M y) s ->
  peak (probability_increase V p M z) t -> below s t.
Proof.
  exact (increase_order V p M (proj1 p_law) (law_nonempty V p p_law) M_varies).
Qed.

(* claim: thm-3.3.monotone *)
Theorem thm_3_3_monotone : forall z, In z V ->
  ((forall y, In y V -> M y <= M z) ->
    increasing (probability_increase V p M z)) /\
  ((forall y, In y V -> M z <= M y) ->
    decreasing (probability_increase V p M z)).
Proof.
  exact
    (increase_monotone V p M (proj1 p_law) (law_nonempty V p p_law) M_varies).
Qed.

(* claim: peak.height *)
Theorem peak_height : forall z, In z V ->
  (forall I,
     is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha)
       I ->
     is_lub (fun v => exists alpha, v = tilt V p M alpha z) (p z * exp I)) /\
  (forall a, peak (probability_increase V p M z) (finite a) ->
     is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha)
       (a * M z - log_partition V p M a) /\
     tilt V p M a z = p z * exp (a * M z - log_partition V p M a)).
Proof. exact (height_of_peak V p M (proj1 p_law) (law_nonempty V p p_law)). Qed.

(* ======== Proposition B.1 ======== *)

(* claim: prop-b1.limit-plus *)
Theorem prop_b1_limit_plus : forall top z, highest V M top -> In z V ->
  tends_plus (probability_increase V p M z)
    ((if level M top z
      then p z / sum p (members (level M top) V) else 0) - p z).
Proof.
  intros top z top_highest z_in.
  exact (increase_limit V p M (proj1 p_law)
      (law_nonempty V p p_law) top top_highest z z_in).
Qed.

(* claim: prop-b1.limit-minus *)
Theorem prop_b1_limit_minus : forall bottom z, lowest V M bottom -> In z V ->
  tends_minus (probability_increase V p M z)
    ((if level M bottom z
      then p z / sum p (members (level M bottom) V) else 0) - p z).
Proof.
  intros bottom z bottom_lowest z_in.
  exact (increase_limit_minus V p M (proj1 p_law)
      (law_nonempty V p p_law) bottom bottom_lowest z z_in).
Qed.

(* claim: limit.rate *)
Theorem limit_rate : forall top gap, highest V M top ->
  (forall z, In z V -> M z <> top -> M z <= top - gap) ->
  forall alpha, 0 <= alpha ->
  / 2 * sum (fun z => Rabs (tilt V p M alpha z - top_law V p M top z)) V
  <= (1 - top_mass V p M top) / top_mass V p M top * exp (- alpha * gap).
Proof.
  intros top gap top_highest gap_below alpha alpha_nonneg.
  exact (total_variation_rate V p M (proj1 p_law) (law_nonempty V p p_law) top
      top_highest (proj2 p_law) gap gap_below alpha alpha_nonneg).
Qed.

(* claim: limit.rate; at minus infinity *)
Theorem limit_rate_minus : forall bottom gap, lowest V M bottom ->
  (forall z, In z V -> M z <> bottom -> bottom + gap <= M z) ->
  forall alpha, alpha <= 0 ->
  / 2 * sum (fun z => Rabs (tilt V p M alpha z - top_law V p M bottom z)) V
  <= (1 - top_mass V p M bottom) / top_mass V p M bottom * exp (alpha * gap).
Proof.
  intros bottom gap bottom_lowest gap_above alpha.
  apply (total_variation_rate_minus V p M (proj1 p_law)
      (law_nonempty V p p_law) bottom bottom_lowest gap alpha (proj2 p_law)).
  exact gap_above.
Qed.
End Thm33.

(* ======== Theorem 3.3 and Proposition B.1, in the paper's setting ======== *)

(* The rate a of a token inside its own concept may depend on the context
   (App. B.1); the main text's setting is the case in which it does not. *)
Section Varying.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a : J -> A -> R)
  (b : A -> R) (p : J -> A -> R) (d : nat) (W : A -> nat -> R)
  (H : J -> nat -> R) (P N : list J) (target : nat).
Hypothesis setting : varying_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).

(* claim: setting.margin; target tokens lead all others by a margin *)
Theorem setting_has_margin : exists delta range, 0 < delta /\
  margin T V M delta /\ ranges V M range.
Proof. exact (setting_margin setting). Qed.

(* claim: thm-3.3.bump; in the paper's setting *)
Theorem thm_3_3_bump_paper : forall j z, In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! c, increasing_until c (increase j z) /\
  decreasing_from c (increase j z).
Proof.
  intros j z z_in. rewrite (setting_increase setting j z z_in).
  exact (thm_3_3_bump V (p j) M (setting_law setting j) (setting_varies setting)
      z z_in).
Qed.

(* claim: thm-3.3.peak-order; in the paper's setting:
   every target token peaks after every other token *)
Theorem thm_3_3_peak_order_paper : forall j y z s t, In y V -> In z V ->
  kz y <> target -> kz z = target ->
  peak (increase j y) s -> peak (increase j z) t -> below s t.
Proof.
  intros j y z s t y_in z_in y_off z_on.
  rewrite !(setting_increase setting) by assumption.
  apply (thm_3_3_peak_order V _ M (setting_law setting j)
      (setting_varies setting)); auto using (setting_later setting).
Qed.

(* claim: thm-3.3.monotone; in the paper's setting *)
Theorem thm_3_3_monotone_paper : forall j z, In z V ->
  ((forall y, In y V -> M y <= M z) ->
    kz z = target /\ increasing (increase j z)) /\
  ((forall y, In y V -> M z <= M y) ->
    kz z <> target /\ decreasing (increase j z)).
Proof.
  intros j z z_in. rewrite (setting_increase setting j z z_in).
  destruct (thm_3_3_monotone V (p j) M (setting_law setting j)
      (setting_varies setting) z z_in).
  split; split; eauto using (setting_highest setting), (setting_lowest setting).
Qed.

(* claim: prop-b1.limit-plus, prop-b1.limit-minus; in the paper's setting *)
Theorem prop_b1_paper : forall j z top bottom, In z V -> highest V M top ->
  lowest V M bottom ->
  tends_plus (increase j z)
    ((if level M top z
      then p j z / sum (p j) (members (level M top) V) else 0) - p j z) /\
  tends_minus (increase j z)
    ((if level M bottom z
      then p j z / sum (p j) (members (level M bottom) V) else 0) - p j z).
Proof.
  intros j z top bottom z_in ? ?. rewrite (setting_increase setting j z z_in).
  split; [apply prop_b1_limit_plus|apply prop_b1_limit_minus];
    try assumption; exact (setting_law setting j).
Qed.

(* claim: remark-3.4.positive-peaks; contexts that share the distribution of
   all negative ones, or of all positive ones: no condition on eps *)
Theorem remark_3_4_one_law : forall j,
  ((forall i, In i N -> forall y, In y V -> p i y = p j y) ->
   forall z s, In z V -> kz z = target ->
   peak (increase j z) s -> below (finite 0) s) /\
  ((forall i, In i P -> forall y, In y V -> p i y = p j y) ->
   forall z s, In z V -> kz z <> target ->
   peak (increase j z) s -> below s (finite 0)).
Proof.
  intros j. split; [exact (varying_peaks_positive setting j)
      |exact (varying_peaks_negative setting j)].
Qed.

(* ======== Theorem 3.6, in the paper's setting ======== *)

Notation concept := (steered_concept_increase V d W H P N p).

(* claim: thm-3.6.tanh, thm-3.6.growth; in the paper's setting *)
Theorem thm_3_6_tanh_paper : forall j k, proper (in_target kz k) V -> exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha
     (mean (members (in_target kz k) V) (p j) M alpha
       - mean (members (outside (in_target kz k)) V) (p j) M alpha)) /\
  (forall alpha, concept j (in_target kz k) alpha =
     / (2 * INR (length (members (in_target kz k) V))) *
     (tanh ((nu alpha + logit (sum (p j) (members (in_target kz k) V))) / 2)
      - tanh (logit (sum (p j) (members (in_target kz k) V)) / 2))) /\
  (forall range alpha, ranges V M range ->
    Rabs (nu alpha) <= range * Rabs alpha).
Proof.
  intros j k proper. rewrite (setting_concept setting).
  pose proof (setting_law setting j) as p_law.
  rewrite <- !(mass_zero V (p j) M _ p_law).
  exact (tanh_exists V (p j) M _ p_law proper).
Qed.

(* claim: thm-3.6.logistic; equation (12) of v1, in the paper's setting: F is
   the mass of a concept, mu D the mean of M given D *)
Theorem thm_3_6_logistic_paper : forall j k, proper (in_target kz k) V ->
  let C := in_target kz k in
  let steered := steered_law V d W H P N in
  let F t := sum (steered j t) (members C V) in
  let mu D t := sum (fun z => steered j t z * M z) (members D V)
    / sum (steered j t) (members D V) in
  forall alpha, 0 < F alpha < 1 /\
  derivable_pt_lim F alpha
    (F alpha * (1 - F alpha) * (mu C alpha - mu (outside C) alpha)) /\
  derivable_pt_lim (fun t => logit (F t)) alpha
    (mu C alpha - mu (outside C) alpha).
Proof. exact (paper_logistic setting). Qed.

(* claim: thm-3.6.target-increasing; in the paper's setting *)
Theorem thm_3_6_target_increasing_paper : forall j, increasing (concept j T).
Proof.
  intros j. rewrite (setting_concept setting).
  exact (target_increasing V (p j) M T (setting_law setting j)
      (varying_proper setting) (setting_separated setting)).
Qed.

(* claim: thm-3.6.vanishing; in the paper's setting; top tokens
   are target tokens, so only the bottom needs a hypothesis *)
Theorem thm_3_6_vanishing_paper : forall j k bottom, k <> target ->
  lowest V M bottom -> (forall z, In z V -> kz z = k -> M z <> bottom) ->
  tends_plus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)) /\
  tends_minus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)).
Proof. exact (paper_concept_vanishes setting). Qed.

(* claim: thm-3.6.decreasing; in the paper's setting *)
Theorem thm_3_6_decreasing_paper : forall j k, k <> target ->
  inhabited (in_target kz k) V ->
  (forall y z, In y V -> In z V -> kz y = k -> kz z <> k -> M y <= M z) ->
  decreasing (concept j (in_target kz k)).
Proof. exact (paper_concept_decreasing setting). Qed.

Notation held j := (fun t =>
  sum (steered_law V d W H P N j t) (members T V)).

(* claim: half-saturation.bounds; in the paper's setting *)
Theorem half_saturation_paper : forall j delta range, 0 < delta ->
  margin T V M delta -> ranges V M range -> let r := logit (held j 0) in
  exists a, unique (fun x => held j x = 1 / 2) a /\
  (r <= 0 -> - r / range <= a <= - r / delta) /\
  (0 <= r -> - r / delta <= a <= - r / range).
Proof. exact (paper_half_saturation setting). Qed.

(* claim: strength.budget; in the paper's setting: the one strength a at which
   the target holds tau, and whether the budget k allows tau *)
Theorem strength_feasible_paper : forall js w, weights js w -> forall tau k j,
  In j js -> 0 < tau < 1 -> 0 <= k ->
  let cost := steered_loss_increase V d W H P N p js w in
  exists a, unique (fun x => held j x = tau) a /\
  (held j 0 <= tau ->
    0 <= a /\ (feasible cost (held j) k tau <-> cost a <= k)) /\
  (tau <= held j 0 -> a <= 0 /\ feasible cost (held j) k tau).
Proof. exact (paper_feasible setting). Qed.

(* claim: thm-3.8.quadratic; in the paper's setting *)
Theorem thm_3_8_quadratic_paper : forall js w, weights js w ->
  forall eps, 0 < eps ->
  exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (steered_loss_increase V d W H P N p js w alpha
        - / 2 * sum (fun j => w j * variance V (p j) M 0) js * alpha ^ 2)
    <= eps * alpha ^ 2.
Proof.
  intros js w. rewrite (setting_loss setting).
  exact (quadratic V js w p M (fun j _ => setting_law setting j)).
Qed.

(* claim: ce.convex; in the paper's setting *)
Theorem ce_convex_paper : forall js w, weights js w ->
  strictly_convex (steered_loss_increase V d W H P N p js w).
Proof.
  intros js w w_weights. rewrite (setting_loss setting).
  apply increase_convex;
    [|exact w_weights|exact (setting_varies setting)].
  intros j _. exact (setting_law setting j).
Qed.
End Varying.

(* ======== Remark 3.4, in the paper's setting ======== *)

Section Paper.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R)
  (p : J -> A -> R) (d : nat) (W : A -> nat -> R) (H : J -> nat -> R)
  (P N : list J) (target : nat).
Hypothesis setting : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).

(* claim: remark-3.4.positive-peaks; a context outside the
   target, eps below the root eps0 of the gamma/omega dataset *)
Theorem remark_3_4_positive_peaks : forall G gamma omega eps eps0,
  2 <= G -> 0 < eps < eps0 -> eps0 <= (G - 1) / G ->
  (forall z, In z V ->
    a z = (1 - eps) * gamma z /\ b z = eps * omega z / (G - 1)) ->
  sum gamma (members T V) = 1 -> sum omega (members T V) = 1 ->
  (forall z, In z V -> kz z = target ->
     - ln (gamma z / omega z) <= threshold G eps0) ->
  forall j z s, kc j <> target -> In z V -> kz z = target ->
  peak (increase j z) s -> below (finite 0) s.
Proof. exact (paper_positive_peaks setting). Qed.

(* claim: remark-3.4.positive-peaks; contrastive negatives
   that include the context: no condition on eps *)
Theorem remark_3_4_contrastive :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j z s, kc j = opposite -> In z V -> kz z = target ->
  peak (increase j z) s -> below (finite 0) s.
Proof.
  intros opposite N_in_opposite j z s j_in_opposite.
  apply (varying_peaks_positive setting), (paper_one_law setting).
  rewrite j_in_opposite. exact N_in_opposite.
Qed.

(* claim: remark-3.4.positive-peaks; its mirror: for a
   context of the target, every other token peaks below 0 *)
Theorem remark_3_4_target_context : forall j z s, kc j = target -> In z V ->
  kz z <> target ->
  peak (increase j z) s -> below s (finite 0).
Proof.
  intros j z s j_in_target.
  apply (varying_peaks_negative setting), (target_one_law setting).
  exact j_in_target.
Qed.

(* ======== The contrastive path, in the paper's setting ======== *)

(* claim: contrastive.geometric-path; contrastive negatives: the
   path from a negative context j to a context k of the target *)
Theorem contrastive_geometric_path :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z, In z V ->
  (forall alpha,
    steered_law V d W H P N j alpha z = geometric V (p k) (p j) alpha z) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z =
    steered_law V d W H P N k alpha z).
Proof. exact (paper_geometric_path setting). Qed.

(* claim: contrastive.geometric-path; peaks of the negative
   context are one unit after those of the target context *)
Theorem contrastive_peak_shift :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z c, In z V ->
  peak (increase k z) (finite c) -> peak (increase j z) (finite (c + 1)).
Proof. exact (paper_path_peaks setting). Qed.
End Paper.

(* ======== Remark 3.4: its threshold ======== *)

(* claim: remark-3.4.positive-peaks; the root eps0 for a ratio r = min gamma /
   omega: one in (0, (G-1)/G], below (G-1)/G unless r = 1 *)
Theorem remark_3_4_root : forall G, 2 <= G -> forall ratio, 0 < ratio <= 1 ->
  (exists! eps0, 0 < eps0 <= (G - 1) / G /\ threshold G eps0 = - ln ratio) /\
  forall eps0, 0 < eps0 <= (G - 1) / G /\ threshold G eps0 = - ln ratio ->
    (eps0 < (G - 1) / G <-> ratio < 1) /\
    forall eps, 0 < eps <= (G - 1) / G ->
      (- ln ratio < threshold G eps <-> eps < eps0).
Proof. exact threshold_root. Qed.

(* claim: remark-3.4.positive-peaks; as its proof in App. B.3 puts it: there
   is an eps0, which depends on G, gamma and omega alone *)
Theorem remark_3_4_threshold :
  forall (A : Type) (V : list A) kz G gamma omega target,
  (2 <= G)%nat -> (target < G)%nat -> on_concepts V kz G gamma ->
  on_concepts V kz G omega ->
  exists eps0, 0 < eps0 < (INR G - 1) / INR G /\
  forall eps, 0 < eps < eps0 ->
  forall (J : Type) (kc : J -> nat) a b p d W H P N,
  paper_setting V kz kc a b p d W H P N target ->
  gamma_omega V kz G gamma omega eps a b ->
  forall j z s, kc j <> target -> In z V -> kz z = target ->
  peak (steered_increase V d W H P N p j z) s -> below (finite 0) s.
Proof. exact @paper_threshold. Qed.

(* ======== The geometric path, between any two distributions ======== *)

(* claim: contrastive.geometric-path; the tilt by M = ln(p_T / p_N),
   up to a constant, leads from p_N at 0 to p_T at 1 *)
Theorem geometric_path :
  forall (A : Type) (V : list A) (pT pN M : A -> R) c, law V pT -> law V pN ->
  (forall z, In z V -> M z = ln (pT z) - ln (pN z) + c) ->
  forall z, In z V ->
  (forall alpha, tilt V pN M alpha z = geometric V pT pN alpha z) /\
  tilt V pN M 0 z = pN z /\ tilt V pN M 1 z = pT z /\
  forall alpha, tilt V pN M (alpha + 1) z = tilt V pT M alpha z.
Proof. exact @geometric_path_ends. Qed.

(* claim: contrastive.geometric-path; any trained model whose contexts
   in P share one distribution, and those in N another *)
Theorem contrastive_one_law : forall (A J : Type) (V : list A) d W
    (H : J -> nat -> R) (p : J -> A -> R) P N j k,
  V <> nil -> trained V d W H p -> P <> nil -> N <> nil ->
  (forall i, In i P -> forall y, In y V -> p i y = p k y) ->
  (forall i, In i N -> forall y, In y V -> p i y = p j y) ->
  forall z, In z V ->
  (forall alpha,
    steered_law V d W H P N j alpha z = geometric V (p k) (p j) alpha z) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z =
    steered_law V d W H P N k alpha z).
Proof. exact @one_law_path. Qed.

(* ======== The sign rule ======== *)

(* claim: sign-rule *)
Theorem sign_rule :
  forall (A J : Type) (V : list A) (p : J -> A -> R) (P N : list J),
  (forall j, law V (p j)) -> P <> nil -> N <> nil ->
  varies V (log_odds p P N) ->
  forall j z s, In z V ->
  peak (probability_increase V (p j) (log_odds p P N) z) s ->
  (below (finite 0) s <->
   average (fun i => KL V (p j) (p i)) N - average (fun i => KL V (p j) (p i)) P
   < log_odds p P N z).
Proof.
  intros A J V p P N p_laws P_nonempty N_nonempty M_varies j z s.
  exact (peak_sign V p P N p_laws P_nonempty N_nonempty j z s M_varies).
Qed.

(* ======== Theorem 3.6, for any distribution and proper set ======== *)

Section Thm36.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_law : law V p.
Hypothesis C_proper : proper C V.

(* claim: thm-3.6.tanh, thm-3.6.growth *)
Theorem thm_3_6_tanh : exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha (mean (members C V) p M alpha
      - mean (members (outside C) V) p M alpha)) /\
  (forall alpha, concept_increase V p M C alpha =
     / (2 * INR (length (members C V))) *
     (tanh ((nu alpha + logit (mass V p M C 0)) / 2)
       - tanh (logit (mass V p M C 0) / 2))) /\
  (forall range alpha, ranges V M range ->
    Rabs (nu alpha) <= range * Rabs alpha).
Proof. exact (tanh_exists V p M C p_law C_proper). Qed.

(* claim: thm-3.6.logistic; equation (12) of v1: the mass of a set solves a
   logistic equation, its log-odds the integrated one *)
Theorem thm_3_6_logistic : forall alpha,
  let rate := mean (members C V) p M alpha
    - mean (members (outside C) V) p M alpha in
  derivable_pt_lim (mass V p M C) alpha
    (mass V p M C alpha * (1 - mass V p M C alpha) * rate) /\
  derivable_pt_lim (fun t => logit (mass V p M C t)) alpha rate.
Proof. exact (logistic_equation V p M C p_law C_proper). Qed.

(* claim: thm-3.6.logistic; so no mass is steeper than a quarter of the range *)
Theorem thm_3_6_steepest : forall range alpha, ranges V M range ->
  exists slope, derivable_pt_lim (mass V p M C) alpha slope /\
  Rabs slope <= range / 4.
Proof. exact (steepest V p M C p_law C_proper). Qed.

(* claim: thm-3.6.growth; nu written out *)
Theorem thm_3_6_growth : forall range alpha, ranges V M range ->
  Rabs ((log_partition (members C V) p M alpha
         - log_partition (members (outside C) V) p M alpha)
        - (log_partition (members C V) p M 0
           - log_partition (members (outside C) V) p M 0))
    <= range * Rabs alpha.
Proof. exact (growth V p M C (proj1 p_law) C_proper). Qed.

(* claim: thm-3.6.target-increasing *)
Theorem thm_3_6_target_increasing : separated C V M ->
  increasing (concept_increase V p M C).
Proof. exact (target_increasing V p M C p_law C_proper). Qed.

(* claim: thm-3.6.target-increasing; from minus its
   mean probability to the mean of all that is left *)
Theorem thm_3_6_target_limits : separated C V M ->
  tends_plus (concept_increase V p M C)
    ((1 - sum p (members C V)) / INR (length (members C V))) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof. exact (separated_limits V p M C p_law C_proper). Qed.

(* claim: thm-3.6.vanishing *)
Theorem thm_3_6_vanishing : forall top bottom, highest V M top ->
  lowest V M bottom ->
  (forall z, In z V -> C z = true -> M z <> top /\ M z <> bottom) ->
  tends_plus (concept_increase V p M C) (- average p (members C V)) /\
  tends_minus (concept_increase V p M C) (- average p (members C V)).
Proof. intros top bottom. exact (vanishing_both V p M C top bottom p_law). Qed.

(* claim: thm-3.6.decreasing *)
Theorem thm_3_6_decreasing : varies V M ->
  (forall y z, In y V -> In z V -> C y = true -> C z = false -> M y <= M z) ->
  decreasing (concept_increase V p M C).
Proof. exact (low_decreasing V p M C p_law C_proper). Qed.

(* claim: half-saturation.bounds *)
Theorem half_saturation_bounds : forall delta range a, 0 < delta ->
  margin C V M delta -> ranges V M range ->
  mass V p M C a = 1 / 2 ->
  (logit (mass V p M C 0) <= 0 ->
     - logit (mass V p M C 0) / range <= a <=
       - logit (mass V p M C 0) / delta) /\
  (0 <= logit (mass V p M C 0) ->
     - logit (mass V p M C 0) / delta <= a <=
       - logit (mass V p M C 0) / range) /\
  exists slope, derivable_pt_lim (mass V p M C) a slope /\
  delta / 4 <= slope <= range / 4.
Proof. exact (half_saturation V p M C (proj1 p_law) C_proper). Qed.

(* claim: half-saturation.bounds; there is exactly one such strength *)
Theorem half_saturation_once : forall delta range, 0 < delta ->
  margin C V M delta -> ranges V M range -> let r := logit (mass V p M C 0) in
  exists a, unique (fun x => mass V p M C x = 1 / 2) a /\
  (r <= 0 -> - r / range <= a <= - r / delta) /\
  (0 <= r -> - r / delta <= a <= - r / range) /\
  exists slope, derivable_pt_lim (mass V p M C) a slope /\
  delta / 4 <= slope <= range / 4.
Proof. exact (half_saturation_unique V p M C (proj1 p_law) C_proper). Qed.

(* claim: strength.budget; a target mass is reached at exactly one strength *)
Theorem strength_target : forall delta range tau, 0 < delta ->
  margin C V M delta -> ranges V M range ->
  0 < tau < 1 -> exists! a, mass V p M C a = tau.
Proof. exact (mass_reached V p M C (proj1 p_law) C_proper). Qed.

(* claim: strength.budget; the reverse divergence only
   approaches -log p(Mtop): larger budgets are never spent *)
Theorem strength_reverse : varies V M -> forall top, highest V M top ->
  (forall alpha, KL V (tilt V p M alpha) p =
    alpha * mean V p M alpha - log_partition V p M alpha) /\
  (forall x y, 0 <= x -> x < y ->
    KL V (tilt V p M x) p < KL V (tilt V p M y) p) /\
  (forall alpha, 0 <= alpha ->
    KL V (tilt V p M alpha) p < - ln (top_mass V p M top)) /\
  tends_plus
    (fun alpha => KL V (tilt V p M alpha) p) (- ln (top_mass V p M top)).
Proof.
  intros M_varies top top_highest.
  exact (reverse_saturates V p M p_law top top_highest M_varies).
Qed.

(* claim: sweet-spot.nonempty *)
Theorem sweet_spot_nonempty : forall low high range,
  highest (members (outside C) V) M low -> lowest (members C V) M high ->
  low < high -> ranges V M range ->
  exists left right, right - left = 4 * (high - low) / range ^ 2 /\
  left < right /\
  forall alpha, left < alpha < right ->
    low < mean V p M alpha < high /\
    forall z s, In z V -> peak (probability_increase V p M z) s ->
      if C z then below (finite alpha) s else below s (finite alpha).
Proof.
  intros low high range.
  exact (sweet_window_peaks V p M C low high range (proj1 p_law)
      (law_nonempty V p p_law)).
Qed.

(* claim: sweet-spot.nonempty; the set is open *)
Theorem sweet_spot_open :
  forall low high alpha, low < mean V p M alpha < high ->
  exists delta, 0 < delta /\ forall beta, Rabs (beta - alpha) < delta ->
  low < mean V p M beta < high.
Proof.
  intros low high.
  exact (sweet_open V p M low high (proj1 p_law) (law_nonempty V p p_law)).
Qed.

(* claim: sweet-spot.width; from where the mean is low to where it is high *)
Theorem sweet_spot_width : forall bottom low high top left right,
  highest V M top -> lowest V M bottom ->
  bottom < low -> low < high -> high < top ->
  mean V p M left = low -> mean V p M right = high ->
  ln (cross_ratio bottom low high top) / (top - bottom) <= right - left.
Proof.
  intros bottom low high top left right.
  exact (window_width V p M bottom low high top left right p_law).
Qed.
End Thm36.

(* ======== One strength for several contexts ======== *)

Section SeveralContexts.
Context {A J : Type}.
Variables (V : list A) (js : list J) (p : J -> A -> R) (M : A -> R)
  (C : A -> bool).
Hypothesis p_laws : laws V js p.

(* claim: sweet-spot.shared; two contexts closer than the cross-ratio: the
   window of each ends well after that of the other begins *)
Theorem sweet_spot_overlap : forall i j D bottom low high top left right,
  In i js -> In j js -> apart V (p j) (p i) D ->
  highest V M top -> lowest V M bottom ->
  bottom < low -> low < high -> high < top ->
  D < ln (cross_ratio bottom low high top) ->
  mean V (p i) M left = low -> mean V (p j) M right = high ->
  (ln (cross_ratio bottom low high top) - D) / (top - bottom) <= right - left.
Proof.
  intros i j D bottom low high top left right i_in j_in.
  exact (overlap V p M bottom low high top i j D left right
    (p_laws i i_in) (p_laws j j_in)).
Qed.

(* claim: sweet-spot.shared; a strength that is in every window, whether or not
   these are bounded *)
Theorem sweet_spot_shared : forall bottom low high top D,
  js <> nil ->
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
  intros bottom low high top D.
  exact (shared_strength V p M js C bottom low high top D p_laws).
Qed.
End SeveralContexts.

(* claim: sweet-spot.shared; no larger distance is enough: two distributions of
   four tokens, with M = bottom, low, high, top *)
Theorem sweet_spot_shared_sharp : forall bottom low high top D,
  bottom < low -> low < high -> high < top ->
  ln (cross_ratio bottom low high top) < D ->
  let V := (0 :: 1 :: 2 :: 3 :: nil)%nat in
  let M := fun z => nth z (bottom :: low :: high :: top :: nil) 0 in
  exists p q, law V p /\ law V q /\ apart V p q D /\ apart V q p D /\
  forall alpha, ~ (low < mean V p M alpha < high /\
                   low < mean V q M alpha < high).
Proof. exact sharp. Qed.

(* ======== Theorem 3.8 and beyond: the cross-entropy increase ======== *)

Section Thm38.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).
Notation sigma2 := (sum (fun j => w j * variance V (p j) M 0) js).

(* claim: thm-3.8.quadratic *)
Theorem thm_3_8_quadratic : forall eps, 0 < eps ->
  exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (increase alpha - / 2 * sigma2 * alpha ^ 2) <= eps * alpha ^ 2.
Proof. exact (quadratic V js w p M p_laws w_weights). Qed.

(* claim: ce.kl-identity *)
Theorem ce_kl_identity : forall alpha,
  increase alpha = sum (fun j => w j * KL V (p j) (tilt V (p j) M alpha)) js /\
  increase alpha = sum (fun j => w j *
    (log_partition V (p j) M alpha - alpha * mean V (p j) M 0)) js.
Proof.
  intros alpha.
  split; [exact (increase_KL V js w p M p_laws w_weights alpha)
      |exact (increase_cumulant V js w p M p_laws w_weights alpha)].
Qed.

(* claim: ce.convex *)
Theorem ce_convex : varies V M -> strictly_convex increase.
Proof. exact (increase_convex V js w p M p_laws w_weights). Qed.

(* claim: ce.convex; U-shaped around 0, for all strengths *)
Theorem ce_u_shape : varies V M -> increase 0 = 0 /\
  (forall x y, 0 <= x -> x < y -> increase x < increase y) /\
  (forall x y, x < y -> y <= 0 -> increase y < increase x).
Proof. exact (u_shape V js w p M p_laws w_weights). Qed.

(* claim: ce.convex; its two derivatives *)
Theorem ce_derivatives : forall alpha,
  derivable_pt_lim increase alpha
    (sum (fun j => w j * (mean V (p j) M alpha - mean V (p j) M 0)) js) /\
  derivable_pt_lim
    (fun t => sum (fun j => w j * (mean V (p j) M t - mean V (p j) M 0)) js)
    alpha
    (sum (fun j => w j * variance V (p j) M alpha) js) /\
  (varies V M -> 0 < sum (fun j => w j * variance V (p j) M alpha) js).
Proof.
  intros alpha.
  split; [exact (increase_derivative V js w p M p_laws w_weights alpha)|].
  split; [exact (slope_derivative V js w p M p_laws w_weights alpha)
      |exact (pooled_variance_pos V js w p M p_laws w_weights alpha)].
Qed.

(* claim: ce.upper-bounds; Hoeffding, and the exponential bound *)
Theorem ce_upper_bounds : forall range, ranges V M range -> 0 < range ->
  forall alpha,
  increase alpha <= alpha ^ 2 * range ^ 2 / 8 /\
  increase alpha <=
    sigma2 * (exp (range * Rabs alpha) - range * Rabs alpha - 1) / range ^ 2.
Proof. exact (upper_bounds V js w p M p_laws w_weights). Qed.

(* claim: ce.upper-bounds; Bennett: the two-point distribution
   of the same mean, variance and extreme is the worst *)
Theorem ce_upper_bennett : varies V M -> forall top bottom, highest V M top ->
  lowest V M bottom -> forall alpha,
  (0 <= alpha -> increase alpha <=
     sum (fun j => w j *
       two_point (variance V (p j) M 0) (top - mean V (p j) M 0) alpha) js) /\
  (alpha <= 0 -> increase alpha <=
     sum (fun j => w j *
       two_point (variance V (p j) M 0) (mean V (p j) M 0 - bottom) (- alpha))
       js).
Proof. exact (bennett_bounds V js w p M p_laws w_weights). Qed.

(* claim: ce.lower-bounds; exponential *)
Theorem ce_lower_bounds : forall range, ranges V M range -> 0 < range ->
  forall alpha,
  sigma2 * (exp (- (range * Rabs alpha)) + range * Rabs alpha - 1) / range ^ 2
    <= increase alpha.
Proof. exact (lower_bounds V js w p M p_laws w_weights). Qed.

(* claim: ce.lower-bounds; merge the tokens into C and its complement *)
Theorem ce_lower_merged : forall C alpha, proper C V ->
  sum (fun j => w j *
    (mass V (p j) M C 0 * ln (mass V (p j) M C 0 / mass V (p j) M C alpha)
     + (1 - mass V (p j) M C 0) *
       ln ((1 - mass V (p j) M C 0) / (1 - mass V (p j) M C alpha)))) js
  <= increase alpha.
Proof.
  intros C alpha C_proper. rewrite (increase_KL V js w p M p_laws w_weights).
  apply pooled_le; [exact w_weights|]. intros j j_in.
  exact (merged_divergence V (p j) M C alpha (p_laws j j_in) C_proper).
Qed.

(* claim: ce.remainder *)
Theorem ce_remainder : forall range, ranges V M range -> forall alpha,
  Rabs (increase alpha - / 2 * sigma2 * alpha ^ 2) <=
    range ^ 3 * Rabs alpha ^ 3 / (36 * sqrt 3).
Proof. exact (loss_remainder_bound V js w p M p_laws w_weights). Qed.

(* claim: ce.remainder; the moment inequality behind it *)
Theorem third_moment_bound : forall range, ranges V M range ->
  forall j alpha, In j js ->
  Rabs (moment V (p j) M alpha 3) <= range ^ 3 / (6 * sqrt 3).
Proof.
  intros range M_ranges j alpha j_in.
  exact (third_abs V (p j) M alpha range (proj1 (p_laws j j_in))
      (V_nonempty V js w p p_laws w_weights) M_ranges).
Qed.

(* claim: ce.asymptote *)
Theorem ce_asymptote : forall top gap, highest V M top ->
  (forall z, In z V -> M z <> top -> M z <= top - gap) ->
  forall alpha, 0 <= alpha ->
  0 <= increase alpha
       - (alpha * sum (fun j => w j * (top - mean V (p j) M 0)) js
          + sum (fun j => w j * ln (top_mass V (p j) M top)) js)
    <= sum (fun j =>
         w j * ((1 - top_mass V (p j) M top) / top_mass V (p j) M top)) js
       * exp (- alpha * gap).
Proof.
  intros top gap top_highest gap_below alpha alpha_nonneg.
  exact (asymptote V js w p M p_laws w_weights top gap alpha top_highest
      gap_below alpha_nonneg).
Qed.

(* claim: ce.asymptote; at minus infinity *)
Theorem ce_asymptote_minus : forall bottom gap, lowest V M bottom ->
  (forall z, In z V -> M z <> bottom -> bottom + gap <= M z) ->
  forall alpha, alpha <= 0 ->
  0 <= increase alpha
       - (alpha * sum (fun j => w j * (bottom - mean V (p j) M 0)) js
          + sum (fun j => w j * ln (top_mass V (p j) M bottom)) js)
    <= sum (fun j =>
         w j * ((1 - top_mass V (p j) M bottom) / top_mass V (p j) M bottom)) js
       * exp (alpha * gap).
Proof. exact (asymptote_minus V js w p M p_laws w_weights). Qed.

(* claim: strength.budget *)
Theorem strength_budget : varies V M -> forall range k, ranges V M range ->
  0 < range -> 0 < k ->
  exists! a, (0 < a /\ increase a = k) /\ sqrt (8 * k) / range <= a /\
    (forall beta, 0 <= beta <= a -> increase beta <= k) /\
    (forall beta, increase beta <= k -> beta <= a).
Proof. exact (budget_strength V js w p M p_laws w_weights). Qed.

(* claim: strength.budget; the root is the best choice:
   no feasible strength gives the target more mass *)
Theorem strength_budget_best : forall T a k, proper T V -> separated T V M ->
  0 < a -> increase a = k ->
  forall j beta, In j js -> increase beta <= k ->
  mass V (p j) M T beta <= mass V (p j) M T a.
Proof. exact (budget_best V js w p M p_laws w_weights). Qed.

(* claim: strength.budget; the one strength a at which a context's target
   holds tau: if that is not less than unsteered, the budget k allows tau
   iff it allows a; if that is not more, it is held at 0, for nothing *)
Theorem strength_feasible : forall T, proper T V -> separated T V M ->
  forall tau k j, In j js -> 0 < tau < 1 -> 0 <= k ->
  let gain := mass V (p j) M T in
  exists a, unique (fun x => gain x = tau) a /\
  (gain 0 <= tau ->
    0 <= a /\ (feasible increase gain k tau <-> increase a <= k)) /\
  (tau <= gain 0 -> a <= 0 /\ feasible increase gain k tau).
Proof. intros T. exact (mass_feasible V js w p M T p_laws w_weights). Qed.

(* claim: strength.budget; the same of the mass averaged over contexts *)
Theorem strength_feasible_pooled : forall T, proper T V -> separated T V M ->
  forall tau k, 0 < tau < 1 -> 0 <= k ->
  let gain := pooled_mass V js w p M T in
  exists a, unique (fun x => gain x = tau) a /\
  (gain 0 <= tau ->
    0 <= a /\ (feasible increase gain k tau <-> increase a <= k)) /\
  (tau <= gain 0 -> a <= 0 /\ feasible increase gain k tau).
Proof. intros T. exact (pooled_feasible V js w p M T p_laws w_weights). Qed.

(* claim: ceiling.reverse-kl; q is any intervention, tokens of probability 0
   allowed. Whatever costs no more than the tilt by the target's indicator
   lifts the mean mass of the target no more, and as much only if it is that
   tilt, whose masses f and price are those of two points *)
Theorem ceiling_reverse_kl : forall T beta, proper T V -> 0 < beta ->
  let tilted j := tilt V (p j) (indicator T) beta in
  let F := share_of V p T in
  let f := share_of V tilted T in
  let price := sum (fun j => w j * binary_KL (f j) (F j)) js in
  let ceiling := sum (fun j => w j * f j) js in
  (forall j, In j js -> logit (f j) = logit (F j) + beta) /\
  pooled_KL V js w tilted p = price /\
  forall q, distributions V js q -> pooled_KL V js w q p <= price ->
  pooled_share V js w q T <= ceiling /\
  (pooled_share V js w q T = ceiling ->
    forall j z, In j js -> In z V -> q j z = tilted j z).
Proof.
  intros T beta T_proper beta_positive.
  apply (reverse_ceiling V js w p p_laws w_weights T T_proper beta).
  exact beta_positive.
Qed.

(* claim: ceiling.forward-kl; q is any intervention with q > 0 (one without
   has no finite cost). The best one keeps p given T and given not T, with the
   mass f on T, the root in (0, 1) of f - F = mu f (1 - f) *)
Theorem ceiling_forward_kl : forall T mu, proper T V -> 0 < mu ->
  let F := share_of V p T in
  let f j := ceiling_mass mu (F j) in
  let best := with_mass V p T f in
  let price := sum (fun j => w j * binary_KL (F j) (f j)) js in
  let ceiling := sum (fun j => w j * f j) js in
  (forall j, In j js -> 0 < f j < 1 /\ f j - F j = mu * f j * (1 - f j)) /\
  laws V js best /\ pooled_KL V js w p best = price /\
  pooled_share V js w best T = ceiling /\
  forall q, laws V js q -> pooled_KL V js w p q <= price ->
  pooled_share V js w q T <= ceiling /\
  (pooled_share V js w q T = ceiling ->
    forall j z, In j js -> In z V -> q j z = best j z).
Proof.
  intros T mu T_proper mu_positive.
  apply (forward_ceiling V js w p p_laws w_weights T T_proper mu).
  exact mu_positive.
Qed.

(* claim: ceiling.mean-log-odds; of all interventions that cost no more, the
   tilt by M with one strength lifts the mean of M the most, and it alone *)
Theorem ceiling_mean_log_odds : forall alpha q, 0 < alpha ->
  distributions V js q ->
  pooled_KL V js w q p <=
    pooled_KL V js w (fun j => tilt V (p j) M alpha) p ->
  let lifted := sum (fun j => w j * sum (fun z => q j z * M z) V) js in
  let best := sum (fun j => w j * mean V (p j) M alpha) js in
  lifted <= best /\
  (lifted = best ->
    forall j z, In j js -> In z V -> q j z = tilt V (p j) M alpha z).
Proof.
  intros alpha q. exact (best_mean V js w p p_laws w_weights M alpha q).
Qed.
End Thm38.

(* ======== Estimated vectors ======== *)

Section Estimated.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M M' : A -> R) (eta : R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Hypothesis M_estimated : estimates V M M' eta.

Notation cost := (cross_entropy_increase V js w p).

(* claim: estimated.log-probability *)
Theorem estimated_log_probability : forall j alpha z, In j js -> In z V ->
  Rabs (ln (tilt V (p j) M' alpha z) - ln (tilt V (p j) M alpha z)) <=
    2 * Rabs alpha * eta.
Proof.
  intros j alpha z j_in. pose proof (p_laws j j_in) as p_law.
  exact (log_tilt_estimated V (p j) M M' eta (proj1 p_law)
      (law_nonempty V (p j) p_law) M_estimated alpha z).
Qed.

(* claim: estimated.total-variation *)
Theorem estimated_total_variation : forall j alpha, In j js ->
  variation_distance V (tilt V (p j) M' alpha) (tilt V (p j) M alpha) <=
    tanh (Rabs alpha * eta / 2).
Proof.
  intros j alpha j_in.
  exact (variation_estimated V (p j) M M' eta alpha (p_laws j j_in)
      M_estimated).
Qed.

(* claim: estimated.cross-entropy *)
Theorem estimated_cross_entropy : forall alpha,
  Rabs (cost M' alpha - cost M alpha) <= 2 * Rabs alpha * eta.
Proof.
  exact (increase_estimated V js w p M M' eta p_laws w_weights M_estimated).
Qed.

(* claim: estimated.cross-entropy, estimated.feasible; whatever the data, also
   those of which the model is not trained, or not yet *)
Theorem estimated_any_data : forall data alpha, laws V js data ->
  Rabs (cross_entropy V js w data (fun j => tilt V (p j) M' alpha)
    - cross_entropy V js w data (fun j => tilt V (p j) M alpha)) <=
    2 * Rabs alpha * eta.
Proof.
  exact (loss_estimated V js w p M M' eta p_laws w_weights M_estimated).
Qed.

(* claim: estimated.feasible *)
Theorem estimated_feasible : forall k, varies V M' -> 0 < k ->
  exists! a, (0 < a /\ cost M' a + 2 * a * eta = k) /\
    k - 4 * a * eta <= cost M a <= k /\
    (varies V M -> forall b, 0 < b -> cost M b = k -> a <= b).
Proof.
  exact (margin_strength V js w p M M' eta p_laws w_weights M_estimated).
Qed.

(* claim: estimated.feasible; any strength that leaves 2 |alpha| eta unspent *)
Theorem estimated_margin : forall k alpha,
  cost M' alpha + 2 * Rabs alpha * eta <= k -> cost M alpha <= k.
Proof.
  exact (feasible_estimated V js w p M M' eta p_laws w_weights M_estimated).
Qed.
End Estimated.

(* claim: estimated.log-probability; the least eta is half the range of the
   error *)
Theorem estimated_half_range : forall (A : Type) (V : list A) M M' eta,
  V <> nil ->
  (estimates V M M' eta <-> ranges V (fun z => M' z - M z) (2 * eta)).
Proof. exact @estimates_ranges. Qed.

(* ======== Side effects ======== *)

Section SideEffect.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_law : law V p.
Hypothesis C_proper : proper C V.

Notation F := (mass V p M C).

(* claim: side-effect.first-order *)
Theorem side_effect_first_order : forall range alpha, ranges V M range ->
  Rabs (F alpha - F 0 - alpha * covariance V p M C 0) <=
    alpha ^ 2 * range ^ 2 / (12 * sqrt 3).
Proof. exact (first_order V p M C (proj1 p_law) C_proper). Qed.

(* claim: side-effect.first-order; an effect of order alpha^2 *)
Theorem side_effect_second_order : (exists c, forall alpha,
    Rabs (F alpha - F 0) <= c * alpha ^ 2) <-> covariance V p M C 0 = 0.
Proof. exact (second_order_iff V p M C (proj1 p_law) C_proper). Qed.

(* claim: side-effect.first-order; the covariance is the slope at every alpha *)
Theorem side_effect_slope : forall alpha,
  derivable_pt_lim F alpha (covariance V p M C alpha).
Proof. exact (mass_slope V p M C (proj1 p_law) C_proper). Qed.
End SideEffect.

(* ======== Sequences of n tokens, each steered ======== *)

Section Sequence.
Context {A J : Type}.
Variables (next : J -> A -> J) (V : list A) (p : J -> A -> R) (M : A -> R)
  (n : nat) (j : J).
Hypothesis p_laws : forall k, reached next V n j k -> law V (p k).

Notation steered alpha := (fun k => tilt V (p k) M alpha).
Notation expected alpha := (sequence_expect next V n (steered alpha) j).
Notation divergence alpha := (KL (sequences V n) (sequence_law next p j)
  (sequence_law next (steered alpha) j)).

(* claim: sequence.divergence; K(alpha) - alpha K'(0) of each context on the
   unsteered way *)
Theorem sequence_divergence : forall alpha, divergence alpha =
  sequence_expect next V n p j (on_the_way next (fun k =>
    log_partition V (p k) M alpha - alpha * mean V (p k) M 0) j).
Proof. intros alpha. apply divergence_is_cost, p_laws. Qed.

(* claim: sequence.divergence *)
Theorem sequence_divergence_bound : forall alpha range, ranges V M range ->
  divergence alpha <= INR n * (alpha ^ 2 * range ^ 2 / 8).
Proof.
  intros alpha range M_ranges. rewrite sequence_divergence.
  apply cost_le; assumption.
Qed.

(* claim: sequence.divergence *)
Theorem sequence_divergence_convex : (0 < n)%nat -> varies V M ->
  strictly_convex (fun alpha => divergence alpha).
Proof.
  intros n_positive M_varies x y t. rewrite !sequence_divergence. revert x y t.
  destruct n as [|m]; [lia|]. apply cost_convex; assumption.
Qed.

(* claim: sequence.divergence; whatever the distributions q: the chain rule *)
Theorem sequence_chain_rule : forall q,
  (forall k, reached next V n j k -> law V (q k)) ->
  KL (sequences V n) (sequence_law next p j) (sequence_law next q j) =
  sequence_expect next V n p j (on_the_way next (fun k => KL V (p k) (q k)) j).
Proof. intros q. apply chain_rule, p_laws. Qed.

(* claim: sequence.divergence, sequence.presence, sequence.count; what is
   summed over is a distribution *)
Theorem sequence_total : law (sequences V n) (sequence_law next p j) /\
  forall alpha, law (sequences V n) (sequence_law next (steered alpha) j).
Proof.
  split; [apply sequences_law, p_laws|]. intros alpha.
  apply sequences_law, (steered_laws next V p M n j alpha p_laws).
Qed.

Section Target.
Variables (T : A -> bool) (delta most low high : R).
Hypothesis T_proper : proper T V.
Hypothesis T_margin : margin T V M delta.
Hypothesis T_largest : largest_margin T V M most.
Hypothesis before : forall k, reached next V n j k ->
  low <= logit (mass V (p k) M T 0) <= high.

(* claim: sequence.presence; delta may be negative *)
Theorem sequence_presence : forall alpha,
  1 - (1 - logistic (low + Rmin (delta * alpha) (most * alpha))) ^ n <=
    expected alpha (appears T) <=
  1 - (1 - logistic (high + Rmax (delta * alpha) (most * alpha))) ^ n.
Proof.
  intros alpha. apply presence_bounds; [apply steered_laws, p_laws| |].
  - apply (steered_between next V p M T delta most); assumption.
  - left. apply logistic_range.
Qed.

(* claim: sequence.count *)
Theorem sequence_count : forall alpha,
  INR n * logistic (low + Rmin (delta * alpha) (most * alpha)) <=
    expected alpha (count T) <=
  INR n * logistic (high + Rmax (delta * alpha) (most * alpha)).
Proof.
  intros alpha. apply count_bounds; [apply steered_laws, p_laws|].
  apply (steered_between next V p M T delta most); assumption.
Qed.
End Target.
End Sequence.

(* claim: sequence.presence; it can fall while alpha grows, though T is
   separated: steering may lead to contexts in which T is rare *)
Theorem sequence_presence_can_fall :
  exists (next : nat -> nat -> nat) V p M T, (forall k, law V (p k)) /\
  proper T V /\ separated T V M /\ exists alpha, 0 < alpha /\
  let presence x := sequence_expect next V 2 (fun k => tilt V (p k) M x) 0%nat
    (appears T) in
  presence alpha < presence 0.
Proof.
  exists (fun _ z => z), (0 :: 1 :: 2 :: nil)%nat, falling, falling_log_odds,
    (fun z => Nat.eqb z 0). exact presence_falls.
Qed.

(* ======== Presence in n tokens against the mass of one ======== *)

Section Presence.
Context {A J : Type}.
Variables (next : J -> A -> J) (V : list A) (p : J -> A -> R) (M : A -> R)
  (n : nat) (j : J) (T : A -> bool).
Hypothesis p_laws : forall k, reached next V n j k -> law V (p k).
Hypothesis T_proper : proper T V.

Notation steered alpha := (fun k => tilt V (p k) M alpha).
Notation expected alpha := (sequence_expect next V n (steered alpha) j).
Notation presence alpha := (expected alpha (appears T)).
(* n times the mean mass of T on the way, which is its unsteered mass there and
   |T| times its increase. *)
Notation total alpha := (expected alpha (on_the_way next (fun k =>
  sum (p k) (members T V) + INR (length (members T V)) *
    concept_increase V (p k) M T alpha) j)).

(* claim: presence.mass *)
Theorem presence_mass : forall alpha, (0 < n)%nat ->
  total alpha / INR n <= presence alpha <= total alpha.
Proof. exact (presence_increase next V T p M T_proper n j p_laws). Qed.

(* claim: presence.mass; that none of m texts shows T *)
Theorem presence_unseen : forall alpha m,
  1 - INR m * total alpha <= (1 - presence alpha) ^ m.
Proof. exact (unseen_increase next V T p M T_proper n j p_laws). Qed.

(* claim: presence.half; whatever the distributions q *)
Theorem presence_half : forall q, (0 < n)%nat ->
  (forall k, reached next V n j k -> law V (q k)) ->
  let half := 1 - Rpower 2 (- / INR n) in
  ((forall k, reached next V n j k -> half <= share_of V q T k) ->
    1 / 2 <= sequence_expect next V n q j (appears T)) /\
  ((forall k, reached next V n j k -> share_of V q T k <= half) ->
    sequence_expect next V n q j (appears T) <= 1 / 2).
Proof. intros q. exact (half_presence next V T n q j). Qed.

(* claim: presence.half; if every context on the way is at least half
   saturated at alpha, half of the texts show T at a smaller strength *)
Theorem presence_earlier : forall most alpha, (0 < n)%nat -> 0 < most ->
  largest_margin T V M most ->
  (forall k, reached next V n j k -> 1 / 2 <= share_of V (steered alpha) T k) ->
  let back := ln (/ (Rpower 2 (/ INR n) - 1)) / most in
  0 <= back /\ 1 / 2 <= presence (alpha - back).
Proof.
  intros most alpha n_positive most_positive T_largest.
  apply before_half_saturation; assumption.
Qed.
End Presence.

(* ======== Two vectors ======== *)

Section TwoVectors.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M N : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation price := (joint_price V js w p M N).
Notation shift := (joint_shift V js w p M N).

(* claim: side-effect.cross-talk *)
Theorem side_effect_cross_talk : forall j alpha beta, In j js ->
  derivable_pt_lim (fun b => joint_mean V (p j) M N alpha b M) beta
    (cross_talk V (p j) M N alpha beta) /\
  derivable_pt_lim (fun a => joint_mean V (p j) M N a beta N) alpha
    (cross_talk V (p j) M N alpha beta).
Proof.
  intros j alpha beta j_in.
  exact (cross_talk_slopes V (p j) (p_laws j j_in) M N alpha beta).
Qed.

(* claim: side-effect.cross-talk; at every alpha, of the first vector alone *)
Theorem side_effect_cross_talk_bound : forall j range width alpha, In j js ->
  ranges V M range -> ranges V N width ->
  Rabs (joint_mean V (p j) M N alpha 0 N - joint_mean V (p j) M N 0 0 N
    - alpha * cross_talk V (p j) M N 0 0) <=
    alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3).
Proof.
  intros j range width alpha j_in.
  exact (cross_talk_bound V (p j) (p_laws j j_in) M N range width alpha).
Qed.

(* claim: side-effect.two-vectors *)
Theorem side_effect_two_vectors : forall a b a' b' t, 0 <= t <= 1 ->
  price (t * a + (1 - t) * a') (t * b + (1 - t) * b') <=
    t * price a b + (1 - t) * price a' b'.
Proof. exact (price_convex V js w p M N p_laws w_weights). Qed.

(* claim: side-effect.two-vectors; the gradient and the Hessian *)
Theorem side_effect_two_hessian : forall alpha beta,
  derivable_pt_lim (fun a => price a beta) alpha (shift M alpha beta) /\
  derivable_pt_lim (price alpha) beta (shift N alpha beta) /\
  derivable_pt_lim (fun a => shift M a beta) alpha
    (joint_covariance V js w p M N M M alpha beta) /\
  derivable_pt_lim (shift M alpha) beta
    (joint_covariance V js w p M N N M alpha beta) /\
  derivable_pt_lim (shift N alpha) beta
    (joint_covariance V js w p M N N N alpha beta).
Proof. exact (price_hessian V js w p M N p_laws w_weights). Qed.

(* claim: side-effect.two-vectors; the second vector takes back what the first
   did to it at one strength, which is the cheapest of all *)
Theorem side_effect_undone : forall alpha, varies V N ->
  exists! beta, shift N alpha beta = 0 /\
    forall b, b <> beta -> price alpha beta < price alpha b.
Proof. exact (undone_once V js w p M N p_laws w_weights). Qed.
End TwoVectors.

(* ======== Separable concepts ======== *)

Section Park.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_law : law V p.

(* claim: park.separable *)
Theorem park_separable : forall S, inhabited S V ->
  ((forall alpha z, In z V -> S z = true ->
    given V p M S alpha z = given V p M S 0 z) <->
  (forall y z, In y V -> In z V -> S y = true -> S z = true -> M y = M z)).
Proof. intros S. exact (given_constant V p M S p_law). Qed.

(* claim: park.separable; of two tokens *)
Theorem park_pair : forall y z, In y V -> In z V ->
  (increasing (fun alpha =>
    tilt V p M alpha z / (tilt V p M alpha y + tilt V p M alpha z))
    <-> M y < M z).
Proof. intros y z. exact (pair_increasing V p M y z p_law). Qed.

(* claim: park.together; with a range of 0 both sides are equal *)
Theorem park_together : forall T C range a b,
  (forall z, In z V -> C z = true -> T z = false) ->
  ranges (members (outside T) V) M range ->
  mass V p M C a * (1 - mass V p M T b) <=
    exp (Rabs (a - b) * range) * (mass V p M C b * (1 - mass V p M T a)).
Proof.
  intros T C range a b C_off.
  exact (together V p M T C p_law C_off range a b).
Qed.
End Park.

(* ======== Claims of others, and what they need to be true ======== *)

Section Literature.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (q : J -> A -> R)
  (p M : A -> R) (T : A -> bool).
Hypothesis q_laws : laws V js q.
Hypothesis w_weights : weights js w.
Hypothesis p_law : law V p.
Hypothesis T_proper : proper T V.

Notation F := (mass V p M T).

(* claim: literature.tanh; F is the tanh of half of that, as in thm-3.6.tanh *)
Theorem literature_tanh : forall b c,
  (forall z, In z V -> M z = if T z then b + c else b) ->
  forall alpha, logit (F alpha) = logit (F 0) + c * alpha.
Proof. exact (one_value_each V p M T p_law T_proper). Qed.

(* claim: literature.quadratic *)
Theorem literature_quadratic : forall eps, 0 < eps ->
  exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (cross_entropy_increase V js w q M alpha
    - / 2 * sum (fun j => w j * variance V (q j) M 0) js * alpha ^ 2)
    <= eps * alpha ^ 2.
Proof. exact (quadratic V js w q M q_laws w_weights). Qed.

(* claim: literature.benefit *)
Theorem literature_benefit : forall delta range alpha, 0 < delta ->
  margin T V M delta -> ranges V M range ->
  0 < delta * (F 0 * (1 - F 0)) <= covariance V p M T 0 /\
  Rabs (F alpha - F 0 - alpha * covariance V p M T 0) <=
    alpha ^ 2 * range ^ 2 / (12 * sqrt 3).
Proof.
  intros delta range alpha delta_positive T_margin M_ranges. split.
  - exact (first_gain V p M T p_law T_proper delta delta_positive T_margin).
  - exact (first_order V p M T (proj1 p_law) T_proper range alpha M_ranges).
Qed.

(* claim: literature.damage; g is any score of the tokens *)
Theorem literature_damage : forall g range width alpha,
  ranges V M range -> ranges V g width ->
  expect V p M 0 (fun z => (M z - mean V p M 0) * g z) = 0 ->
  Rabs (expect V p M alpha g - expect V p M 0 g) <=
    alpha ^ 2 * range ^ 2 * width / (12 * sqrt 3).
Proof. exact (uncorrelated_mean V p M p_law). Qed.

(* claim: literature.pairs *)
Theorem literature_pairs : forall y z, In y V -> In z V ->
  let share alpha :=
    tilt V p M alpha z / (tilt V p M alpha y + tilt V p M alpha z) in
  (M y < M z -> increasing share) /\
  (M y = M z -> forall alpha, share alpha = p z / (p y + p z)).
Proof.
  intros y z y_in z_in share. split.
  - apply (pair_increasing V p M y z p_law y_in z_in).
  - exact (pair_constant V p M y z p_law y_in z_in).
Qed.

(* claim: literature.masses; of the masses themselves, last, only if nothing
   is steered *)
Theorem literature_masses :
  ((forall alpha z, In z V -> T z = false ->
    given V p M (outside T) alpha z = given V p M (outside T) 0 z) <->
  (forall y z, In y V -> In z V -> T y = false -> T z = false ->
    M y = M z)) /\
  ((forall alpha z, In z V -> T z = false -> tilt V p M alpha z = p z) <->
  (forall y z, In y V -> In z V -> M y = M z)).
Proof.
  split.
  - exact (rest_given_stays V p M T p_law T_proper).
  - exact (rest_stays V p M T p_law T_proper).
Qed.

(* claim: literature.monotone *)
Theorem literature_monotone : separated T V M -> increasing F.
Proof. exact (separated_mass_increasing V p M T (proj1 p_law) T_proper). Qed.

(* claim: literature.inverted-u; of one token between the extremes *)
Theorem literature_inverted_u : forall z, In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! a, increasing_until a (fun alpha => tilt V p M alpha z) /\
  decreasing_from a (fun alpha => tilt V p M alpha z).
Proof. exact (one_hump V p M p_law). Qed.
End Literature.

(* ======== Proposition 4.1 ======== *)

Section Prop41.
Variables (n d : nat) (layers : list sublayer) (X v : stream) (eps : R)
  (gain bias U : nat -> R) (t : nat).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : (t < n)%nat.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; App. B.6: the last stream is
   h + alpha v + R(alpha), and one c bounds R for all h, v and alpha *)
Theorem remainder_bound :
  exists c, forall X v alpha,
    (forall t i, network layers (steered_stream X v alpha) t i =
      X t i + alpha * v t i + remainder layers X v alpha t i) /\
    row_bounded n d c (remainder layers X v alpha) /\
    (forall t, (t < n)%nat ->
      euclidean d (unsteered_part layers X v t alpha) <=
        euclidean d (X t) + sqrt (INR d) * c).
Proof. exact (network_remainder n d layers layers_pre_norm). Qed.

(* claim: prop-4.1.rmsnorm; One logit of row t: U is a
   row of the unembedding; the limit norm has eps = 0. *)
Theorem prop_4_1_rmsnorm : (exists i, (i < d)%nat /\ v t i <> 0) ->
  tends_plus (fun alpha =>
    dot d U (rms_norm d eps gain (network layers (steered_stream X v alpha) t)))
    (dot d U (rms_norm d 0 gain (v t))) /\
  tends_minus (fun alpha =>
    dot d U (rms_norm d eps gain (network layers (steered_stream X v alpha) t)))
    (- dot d U (rms_norm d 0 gain (v t))).
Proof.
  intros nonzero.
  split; [apply rms_plus with (n := n)|apply rms_minus with (n := n)];
    assumption.
Qed.

(* claim: prop-4.1.layernorm *)
Theorem prop_4_1_layernorm :
  (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  tends_plus (fun alpha => dot d U
    (layer_norm d eps gain bias (network layers (steered_stream X v alpha) t)))
    (dot d U (layer_norm d 0 gain bias (v t))) /\
  tends_minus (fun alpha => dot d U
    (layer_norm d eps gain bias (network layers (steered_stream X v alpha) t)))
    (dot d U (layer_norm d 0 gain bias (fun k => - v t k))).
Proof.
  intros nonzero.
  split; [apply layer_plus with (n := n)|apply layer_minus with (n := n)];
    assumption.
Qed.

(* claim: prop-4.1.rmsnorm; so every next-token
   probability has a limit at each end: the plateau *)
Theorem prop_4_1_plateau :
  forall (A : Type) (V : list A) (unembedding : A -> nat -> R) z, In z V ->
  (exists i, (i < d)%nat /\ v t i <> 0) ->
  let next alpha := softmax V (fun y => dot d (unembedding y)
    (rms_norm d eps gain (network layers (steered_stream X v alpha) t))) z in
  tends_plus next
    (softmax V (fun y => dot d (unembedding y) (rms_norm d 0 gain (v t))) z) /\
  tends_minus next
    (softmax V (fun y => - dot d (unembedding y) (rms_norm d 0 gain (v t))) z).
Proof.
  exact (rms_plateau n d layers X v eps gain t layers_pre_norm t_lt_n).
Qed.

(* claim: prop-4.1.layernorm; its plateau *)
Theorem prop_4_1_plateau_layernorm :
  forall (A : Type) (V : list A) (unembedding : A -> nat -> R) z, In z V ->
  (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  let next alpha := softmax V (fun y => dot d (unembedding y)
    (layer_norm d eps gain bias
      (network layers (steered_stream X v alpha) t))) z in
  tends_plus next (softmax V (fun y =>
      dot d (unembedding y) (layer_norm d 0 gain bias (v t))) z) /\
  tends_minus next (softmax V (fun y =>
      dot d (unembedding y) (layer_norm d 0 gain bias (fun k => - v t k))) z).
Proof.
  exact (layer_plateau n d layers X v eps gain bias t layers_pre_norm t_lt_n).
Qed.

(* claim: prop-4.1.rmsnorm; the cross-entropy of contexts js with any data
   levels off too: its limits are finite, and no prompt enters them. Every
   prompt is steered along u at its last row, and anyhow at other rows. *)
Theorem prop_4_1_cross_entropy :
  forall (A J : Type) (V : list A) (js : list J) w (p : J -> A -> R)
    (unembedding : A -> nat -> R) (prompt vector : J -> stream) last u,
  (forall j, In j js -> (last j < n)%nat) ->
  (forall j, In j js -> vector j (last j) = u) ->
  (exists i, (i < d)%nat /\ u i <> 0) ->
  let next x := softmax V (fun y => dot d (unembedding y)
    (rms_norm d eps gain x)) in
  let limit x := softmax V (fun y => dot d (unembedding y)
    (rms_norm d 0 gain x)) in
  let loss q := cross_entropy V js w p q
    - cross_entropy V js w p
        (fun j => next (network layers (prompt j) (last j))) in
  let increase alpha := loss (fun j =>
    next (network layers (steered_stream (prompt j) (vector j) alpha)
      (last j))) in
  tends_plus increase (loss (fun _ => limit u)) /\
  tends_minus increase (loss (fun _ => limit (fun k => - u k))).
Proof.
  intros A J V js w p E prompt vector last u last_lt_n steered nonzero.
  exact (rms_loss_plateau n d layers eps gain V js w p E prompt vector last u
      layers_pre_norm last_lt_n steered nonzero).
Qed.

(* claim: prop-4.1.layernorm; the plateau of its cross-entropy *)
Theorem prop_4_1_cross_entropy_layernorm :
  forall (A J : Type) (V : list A) (js : list J) w (p : J -> A -> R)
    (unembedding : A -> nat -> R) (prompt vector : J -> stream) last u,
  (forall j, In j js -> (last j < n)%nat) ->
  (forall j, In j js -> vector j (last j) = u) ->
  (exists i, (i < d)%nat /\ centred d u i <> 0) ->
  let next x := softmax V (fun y => dot d (unembedding y)
    (layer_norm d eps gain bias x)) in
  let limit x := softmax V (fun y => dot d (unembedding y)
    (layer_norm d 0 gain bias x)) in
  let loss q := cross_entropy V js w p q
    - cross_entropy V js w p
        (fun j => next (network layers (prompt j) (last j))) in
  let increase alpha := loss (fun j =>
    next (network layers (steered_stream (prompt j) (vector j) alpha)
      (last j))) in
  tends_plus increase (loss (fun _ => limit u)) /\
  tends_minus increase (loss (fun _ => limit (fun k => - u k))).
Proof.
  intros A J V js w p E prompt vector last u last_lt_n steered nonconstant.
  exact (layer_loss_plateau n d layers eps gain bias V js w p E prompt vector
      last u layers_pre_norm last_lt_n steered nonconstant).
Qed.

(* claim: prop-4.1.rate; O(1/alpha) in Euclidean norm, towards v and towards
   -v; g bounds the gain, rho bounds |h + R(alpha)|. The sharp bound, then the
   simpler one. *)
Theorem prop_4_1_rate : forall g rho alpha, 0 <= eps ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  (forall a, euclidean d (unsteered_part layers X v t a) <= rho) ->
  0 < alpha -> rho < alpha * euclidean d (v t) ->
  let normed a :=
    rms_norm d eps gain (network layers (steered_stream X v a) t) in
  let speed := alpha * euclidean d (v t) in
  let bound := g * sharp_rate d eps rho speed in
  euclidean d (fun i => normed alpha i - rms_norm d 0 gain (v t) i) <= bound /\
  euclidean d (fun i =>
    normed (- alpha) i - rms_norm d 0 gain (fun k => - v t k) i) <= bound /\
  bound <= g * norm_rate d eps rho speed.
Proof.
  intros g rho alpha eps_nonneg gain_bounded rho_bounds alpha_positive fast.
  exact (network_rate d layers X v t rho alpha eps gain eps_nonneg
      alpha_positive rho_bounds fast g gain_bounded).
Qed.

(* claim: prop-4.1.rate; LayerNorm: h + R(alpha) and v both centred *)
Theorem prop_4_1_rate_layernorm : forall g rho alpha, 0 <= eps ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  (forall a, euclidean d (centred d (unsteered_part layers X v t a)) <= rho) ->
  0 < alpha -> rho < alpha * euclidean d (centred d (v t)) ->
  let normed a :=
    layer_norm d eps gain bias (network layers (steered_stream X v a) t) in
  let speed := alpha * euclidean d (centred d (v t)) in
  let bound := g * sharp_rate d eps rho speed in
  euclidean d (fun i =>
    normed alpha i - layer_norm d 0 gain bias (v t) i) <= bound /\
  euclidean d (fun i =>
    normed (- alpha) i - layer_norm d 0 gain bias (fun k => - v t k) i)
    <= bound /\
  bound <= g * norm_rate d eps rho speed.
Proof.
  intros g rho alpha eps_nonneg gain_bounded rho_bounds alpha_positive fast.
  exact (network_rate_layer d layers X v t rho alpha eps gain bias eps_nonneg
      alpha_positive rho_bounds fast g gain_bounded).
Qed.

(* claim: prop-4.1.rate; the logit of U: its distance is at most |gain U| times
   the sharp rate, hence at most |U| times the simpler bound above *)
Theorem prop_4_1_rate_logits : forall g rho alpha, 0 <= eps ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  (forall a, euclidean d (unsteered_part layers X v t a) <= rho) ->
  0 < alpha -> rho < alpha * euclidean d (v t) ->
  let output a :=
    dot d U (rms_norm d eps gain (network layers (steered_stream X v a) t)) in
  let speed := alpha * euclidean d (v t) in
  let bound :=
    euclidean d (fun i => gain i * U i) * sharp_rate d eps rho speed in
  Rabs (output alpha - dot d U (rms_norm d 0 gain (v t))) <= bound /\
  Rabs (output (- alpha) - dot d U (rms_norm d 0 gain (fun k => - v t k)))
    <= bound /\
  bound <= euclidean d U * (g * norm_rate d eps rho speed).
Proof.
  intros g rho alpha eps_nonneg gain_bounded rho_bounds alpha_positive fast.
  exact (logit_rate d layers X v t rho alpha eps g gain U gain_bounded
      eps_nonneg alpha_positive rho_bounds fast).
Qed.

(* claim: prop-4.1.rate; a logit after LayerNorm *)
Theorem prop_4_1_rate_logits_layernorm : forall g rho alpha, 0 <= eps ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  (forall a, euclidean d (centred d (unsteered_part layers X v t a)) <= rho) ->
  0 < alpha -> rho < alpha * euclidean d (centred d (v t)) ->
  let output a := dot d U
    (layer_norm d eps gain bias (network layers (steered_stream X v a) t)) in
  let speed := alpha * euclidean d (centred d (v t)) in
  let bound :=
    euclidean d (fun i => gain i * U i) * sharp_rate d eps rho speed in
  Rabs (output alpha - dot d U (layer_norm d 0 gain bias (v t))) <= bound /\
  Rabs (output (- alpha)
    - dot d U (layer_norm d 0 gain bias (fun k => - v t k))) <= bound /\
  bound <= euclidean d U * (g * norm_rate d eps rho speed).
Proof.
  intros g rho alpha eps_nonneg gain_bounded rho_bounds alpha_positive fast.
  exact (layer_logit_rate d layers X v t rho alpha eps g gain bias U
      gain_bounded eps_nonneg alpha_positive rho_bounds fast).
Qed.

(* claim: prop-4.1.rate; such rho exist, the least being the supremum *)
Theorem prop_4_1_rate_supremum :
  (exists rho, is_lub (fun y => exists alpha,
    y = euclidean d (unsteered_part layers X v t alpha)) rho) /\
  (exists rho, is_lub (fun y => exists alpha,
    y = euclidean d (centred d (unsteered_part layers X v t alpha))) rho).
Proof. exact (rest_supremum n d layers layers_pre_norm X v t t_lt_n). Qed.
End Prop41.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; both norms are bounded, also
   with eps = 0: a row of zeros then has the norm 0, whatever x / 0 is *)
Theorem prop_4_1_norms : forall d eps gain bias, 0 <= eps ->
  bounded_norm d (rms_norm d eps gain) /\
  bounded_norm d (layer_norm d eps gain bias).
Proof.
  intros. split; [apply rms_norm_bounded|apply layer_norm_bounded]; assumption.
Qed.

(* claim: prop-4.1.rmsnorm; without eps it is the norm of App. B.6 *)
Theorem norm_without_eps : forall d gain x i, (i < d)%nat ->
  rms_norm d 0 gain x i = gain i * (sqrt (INR d) * (x i / euclidean d x)).
Proof. exact rms_norm_without_eps. Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; the weights of a row that sees
   some row are a distribution, so attention averages the values it sees *)
Theorem attention_averages : forall n d mask h X t,
  (exists s, (s < n)%nat /\ mask t s = true) ->
  law (visible n mask t) (attention_weight n mask h X t) /\
  forall k low high,
  (forall s, (s < n)%nat -> mask t s = true ->
    low <= affine d (head_value h) (head_value_bias h) (X s) k <= high) ->
  low <= attended n d mask h X t k <= high.
Proof. exact attention_average. Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; whatever the mask and the
   scores are; a row that sees no row gets the empty sum 0 *)
Theorem attention_is_bounded : forall n d size mask heads bias,
  bounded_map n d (attention n d size mask heads bias).
Proof. exact attention_bounded. Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm *)
Theorem feed_forward_is_bounded : forall n d width act W b W1 b1 W2 b2,
  locally_bounded act ->
  bounded_map n d (feed_forward d width act W1 b1 W2 b2) /\
  bounded_map n d (gated_feed_forward d width act W b W1 b1 W2 b2).
Proof.
  intros.
  split; [apply feed_forward_bounded|apply gated_feed_forward_bounded];
    assumption.
Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; an activation may be continuous,
   Lipschitz, of linear growth (so any bounded one), or x times a gate in
   [0, 1]: ReLU, GELU, SiLU *)
Theorem activation_is_bounded : forall act,
  (continuity act -> locally_bounded act) /\
  (forall factor, (forall x y, Rabs (act x - act y) <= factor * Rabs (x - y)) ->
    locally_bounded act) /\
  (forall factor constant,
    (forall x, Rabs (act x) <= factor * Rabs x + constant) ->
    locally_bounded act) /\
  ((forall x, 0 <= act x <= 1) -> locally_bounded (fun x => x * act x)).
Proof. exact activation_bounded. Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; so transformers, also with
   mixtures of experts and norms after a map, meet the hypothesis *)
Theorem transformer_is_pre_norm : forall n d layers,
  (forall s, In s layers -> transformer_sublayer n d s) -> pre_norm n d layers.
Proof. exact transformer_pre_norm. Qed.

(* claim: prop-4.1.rmsnorm, prop-4.1.layernorm; a network that meets all
   hypotheses: causal attention with one head, then ReLU, on two rows of two
   coordinates. Its R(alpha) is not constant. *)
Theorem prop_4_1_consistent :
  let identity k i := if Nat.eqb k i then 1 else 0 in
  let none (i : nat) := 0 in
  let norm := rms_norm 2 1 (fun _ => 1) in
  let h := {| head_score := dot_product 2 2 identity identity none none;
    head_value := identity; head_value_bias := none;
    head_output := identity |} in
  let layers := (norm, attention 2 2 2 causal (h :: nil) none)
    :: (norm, feed_forward 2 2 (Rmax 0) identity none identity none) :: nil in
  let v (t i : nat) := if Nat.eqb i 0 then 1 else -1 in
  let R := remainder layers (fun _ _ => 0) v in
  (forall s, In s layers -> transformer_sublayer 2 2 s) /\
  pre_norm 2 2 layers /\
  v 1%nat 0%nat <> 0 /\ centred 2 (v 1%nat) 0 <> 0 /\
  R 1 1%nat 0%nat <> R 0 1%nat 0%nat.
Proof. exact example_meets_hypotheses. Qed.

(* ======== The circle: v is added after the last block ======== *)

(* claim: norm-circle.ellipse; RMSNorm with any eps, off the line of v *)
Theorem norm_circle_ellipse : forall d eps gain h v U alpha,
  (exists i, (i < d)%nat /\ v i <> 0) -> 0 < radius d eps h v ->
  let t := line_angle (closest d h v) (width d eps h v) alpha in
  dot d U (rms_norm d eps gain (fun i => h i + alpha * v i)) =
    cos t * across d eps gain h v U + sin t * along d gain v U.
Proof. intros. apply norm_ellipse; assumption. Qed.

(* claim: norm-circle.ellipse; LayerNorm takes the means away first *)
Theorem norm_circle_ellipse_layernorm : forall d eps gain bias h v U alpha,
  let h' := centred d h in
  let v' := centred d v in
  (exists i, (i < d)%nat /\ v' i <> 0) -> 0 < radius d eps h' v' ->
  let t := line_angle (closest d h' v') (width d eps h' v') alpha in
  dot d U (layer_norm d eps gain bias (fun i => h i + alpha * v i)) =
    cos t * across d eps gain h' v' U + sin t * along d gain v' U
    + dot d U bias.
Proof. intros. apply layer_norm_ellipse; assumption. Qed.

Section Circle.
Context {A : Type}.
Variables (V : list A) (a b c : A -> R) (s w : R).
Hypothesis w_positive : 0 < w.

Notation p alpha := (softmax V (on_circle a b c s w alpha)).
Notation cosine alpha := (cos (line_angle s w alpha)).

(* claim: norm-circle.approach; the next term is of order w / |alpha - s| *)
Theorem norm_circle_cosine : forall alpha,
  cosine alpha = w / sqrt (w ^ 2 + (alpha - s) ^ 2).
Proof. intros alpha. apply angle_cosine, w_positive. Qed.

(* claim: norm-circle.approach; the limits, those of Proposition 4.1 *)
Theorem norm_circle_limit : forall sign z, sign = 1 \/ sign = -1 -> In z V ->
  tends_plus (fun x => p (sign * x) z) (end_law V b c sign z).
Proof. intros sign z. apply circle_law_limit. exact w_positive. Qed.

(* claim: norm-circle.approach *)
Theorem norm_circle_approach : forall sign ra rb, sign = 1 \/ sign = -1 ->
  ranges V a ra -> ranges V b rb ->
  let q := end_law V b c sign in
  forall alpha z, 0 <= sign * (alpha - s) -> In z V ->
  Rabs (ln (p alpha z) - ln (q z)
    - cosine alpha * (a z - sum (fun y => q y * a y) V)) <=
    cosine alpha ^ 2 * second_order ra rb.
Proof.
  intros sign ra rb either a_ranges b_ranges q alpha z beyond z_in.
  apply approach_end; try assumption. intros E. rewrite E in z_in. exact z_in.
Qed.

(* claim: norm-circle.approach; far enough out p(z) is above its limit where
   a z is above its mean there, and below where below *)
Theorem norm_circle_side : forall sign ra rb z, sign = 1 \/ sign = -1 ->
  ranges V a ra -> ranges V b rb -> In z V ->
  let q := end_law V b c sign in
  let lead := a z - sum (fun y => q y * a y) V in
  lead <> 0 -> exists bound, forall alpha, bound < sign * alpha ->
  0 < lead * (p alpha z - q z).
Proof.
  intros sign ra rb z either a_ranges b_ranges z_in q lead lead_nonzero.
  apply (ends_beside V a b c s w ra rb); try assumption; [|unfold lead in *].
  - intros E. rewrite E in z_in. exact z_in.
  - fold q. lra.
Qed.

(* claim: norm-circle.log-odds; they have one turn, or none (exchange y and z
   where a z < a y) *)
Theorem norm_circle_log_odds : forall y z, In y V -> In z V ->
  let L alpha := ln (p alpha z / p alpha y) in
  (a y < a z -> peak L (finite (s + w * ((b z - b y) / (a z - a y))))) /\
  (a y = a z -> b y < b z -> peak L plus_infinity) /\
  (a y = a z -> b y = b z -> forall alpha, L alpha = c z - c y).
Proof.
  intros y z. exact (log_odds_turn V a b c s w y z w_positive).
Qed.
End Circle.

(* claim: norm-circle.turns *)
Theorem norm_circle_turns : forall (A : Type) (a b c : A -> R) s w y z,
  0 < w -> a y < a z ->
  let p alpha := softmax (y :: z :: nil) (on_circle a b c s w alpha) in
  peak (fun alpha => p alpha z)
    (finite (s + w * ((b z - b y) / (a z - a y)))) /\
  forall alpha, p alpha y = 1 - p alpha z.
Proof. exact @two_tokens. Qed.

(* claim: norm-circle.turns; of three tokens one falls, rises, falls, rises *)
Theorem norm_circle_three_turns : exists a b c : three -> R,
  let p alpha := softmax (first :: second :: third :: nil)
    (on_circle a b c 0 1 alpha) first in
  p (- (3 / 4)) < p (- (12 / 5)) /\ p (- (3 / 4)) < p 0 /\
  p (3 / 4) < p 0 /\ p (3 / 4) < p (12 / 5).
Proof.
  refine (ex_intro _ row_across (ex_intro _ row_along
    (ex_intro _ (fun _ => 0) _))). exact three_turns.
Qed.

Section CirclePlateau.
Context {A J : Type}.
Variables (V : list A) (js : list J) (pi : J -> R) (p a : J -> A -> R)
  (b c : A -> R) (s w : J -> R) (sign : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis p_laws : laws V js p.
Hypothesis pi_weights : weights js pi.
Hypothesis w_positive : forall j, In j js -> 0 < w j.
Hypothesis either : sign = 1 \/ sign = -1.

Notation q := (end_law V b c sign).
Notation cost alpha := (cross_entropy V js pi p
    (fun j => softmax V (on_circle (a j) b c (s j) (w j) alpha))
  - cross_entropy V js pi p p).
Notation plateau := (sum (fun j => pi j * KL V (p j) q) js).

(* claim: norm-circle.plateau; whatever the data p are *)
Theorem norm_circle_plateau : forall ra rb,
  (forall j, In j js -> ranges V (a j) (ra j)) -> ranges V b rb ->
  forall alpha, (forall j, In j js -> 0 <= sign * (alpha - s j)) ->
  let cosine j := cos (line_angle (s j) (w j) alpha) in
  let lead j := sum (fun z => p j z * a j z) V
    - sum (fun z => q z * a j z) V in
  Rabs (cost alpha - plateau + sum (fun j => pi j * (cosine j * lead j)) js) <=
    sum (fun j => pi j * (cosine j ^ 2 * second_order (ra j) rb)) js.
Proof.
  intros ra rb. apply (loss_approach V js pi p a b c s w ra rb sign);
    assumption.
Qed.

(* claim: norm-circle.plateau; a budget k below it is exceeded by every strength
   far enough out, and one above it is kept *)
Theorem norm_circle_budget :
  tends_plus (fun x => cost (sign * x)) plateau /\ forall k,
  (k < plateau -> exists bound, forall alpha, bound < sign * alpha ->
    k < cost alpha) /\
  (plateau < k -> exists bound, forall alpha, bound < sign * alpha ->
    cost alpha < k).
Proof.
  split; [apply (loss_limit V js pi p a b c s w sign)|
    apply (budget_beyond V js pi p a b c s w sign)]; assumption.
Qed.
End CirclePlateau.

(* ======== Which tokens dominate, and that no prompt is left ======== *)

Section Dominating.
Context {A : Type}.
Variables (n d : nat) (layers : list sublayer) (X v : stream) (eps : R)
  (gain bias : nat -> R) (t : nat) (V : list A) (U : A -> nat -> R) (z : A).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : (t < n)%nat.
Hypothesis z_in : In z V.

Notation output alpha := (network layers (steered_stream X v alpha) t).

(* claim: dominating.limit; at any layer *)
Theorem dominating_limit : (exists i, (i < d)%nat /\ v t i <> 0) ->
  let score alpha y := dot d (U y) (rms_norm d eps gain (output alpha)) in
  let limit y := dot d (U y) (rms_norm d 0 gain (v t)) in
  exists bound, forall alpha, bound < alpha -> forall y, In y V ->
  (limit y < limit z ->
    softmax V (score alpha) y < softmax V (score alpha) z) /\
  (limit z < limit y ->
    softmax V (score (- alpha)) y < softmax V (score (- alpha)) z).
Proof. apply (rms_dominating n); assumption. Qed.

(* claim: dominating.limit; LayerNorm, which need not be odd *)
Theorem dominating_limit_layernorm :
  (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  let score alpha y :=
    dot d (U y) (layer_norm d eps gain bias (output alpha)) in
  let limit sign y :=
    dot d (U y) (layer_norm d 0 gain bias (fun k => sign * v t k)) in
  exists bound, forall alpha, bound < alpha -> forall y, In y V ->
  (limit 1 y < limit 1 z ->
    softmax V (score alpha) y < softmax V (score alpha) z) /\
  (limit (-1) y < limit (-1) z ->
    softmax V (score (- alpha)) y < softmax V (score (- alpha)) z).
Proof. apply (layer_dominating n); assumption. Qed.
End Dominating.

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

(* claim: dominating.last-block; M is the limit's logits of v up to a factor, a
   constant, and how unlike the lengths of the states are *)
Theorem dominating_last_block :
  (forall j, In j P \/ In j N -> 0 < rms d eps (h j)) ->
  let p j := softmax V (fun y => dot d (U y) (rms_norm d eps gain (h j))) in
  exists c, forall z, In z V -> let row i := gain i * U z i in
  Rabs (log_odds p P N z - c - dot d row (steering_vector h P N) / r) <=
    sqrt (INR d) * euclidean d row * spread h.
Proof. exact (rms_last_block V U d eps r gain h P N eps_nonneg r_positive
    P_nonempty N_nonempty). Qed.

(* claim: dominating.last-block; LayerNorm: of centred states *)
Theorem dominating_last_block_layernorm : forall bias,
  let x j := centred d (h j) in
  (forall j, In j P \/ In j N -> 0 < rms d eps (x j)) ->
  let p j := softmax V (fun y =>
    dot d (U y) (layer_norm d eps gain bias (h j))) in
  exists c, forall z, In z V -> let row i := gain i * U z i in
  Rabs (log_odds p P N z - c - dot d row (steering_vector x P N) / r) <=
    sqrt (INR d) * euclidean d row * spread x.
Proof. exact (layer_last_block V U d eps r gain h P N eps_nonneg r_positive
    P_nonempty N_nonempty). Qed.
End LastBlock.

(* claim: prompt-free.norm; two prompts, of any length, steered along u in the
   row that is read *)
Theorem prompt_free_norm :
  forall d layers X X' v v' t t' U eps gain u rho rho' alpha,
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
Proof. exact prompts_apart. Qed.

(* claim: prompt-free.norm; LayerNorm: all centred *)
Theorem prompt_free_norm_layernorm :
  forall d layers X X' v v' t t' U eps gain bias u rho rho' alpha,
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
Proof. exact prompts_apart_layer. Qed.

Section PromptFree.
Context {A : Type}.
Variables (V : list A) (p q M : A -> R) (top gap : R).
Hypothesis p_law : law V p.
Hypothesis q_law : law V q.
Hypothesis top_highest : highest V M top.

Notation ends := (variation_distance V (top_law V p M top) (top_law V q M top)).

(* claim: prompt-free.tilt; p and q are those of two prompts *)
Theorem prompt_free_tilt :
  (forall z, In z V -> M z <> top -> M z <= top - gap) ->
  forall alpha, 0 <= alpha ->
  Rabs (variation_distance V (tilt V p M alpha) (tilt V q M alpha) - ends) <=
  ((1 - top_mass V p M top) / top_mass V p M top
    + (1 - top_mass V q M top) / top_mass V q M top) * exp (- alpha * gap).
Proof. exact (tilts_apart V p q M top gap p_law q_law top_highest). Qed.

(* claim: prompt-free.tilt; one token of largest M, and no prompt is left *)
Theorem prompt_free_single : forall z, NoDup V -> In z V ->
  (forall y, In y V -> M y = top -> y = z) -> ends = 0.
Proof. exact (single_top V p q M top p_law q_law). Qed.

(* claim: prompt-free.tilt; else it is p given Mtop that is left *)
Theorem prompt_free_ends : ends = 0 <->
  (forall z, In z V -> top_law V p M top z = top_law V q M top z).
Proof. exact (ends_apart V p q M top). Qed.
End PromptFree.

(* ======== Findings about version 1 of the paper ======== *)

(* claim: finding-1.in-target; the main text of v1 names no condition on
   the context, its proof takes one outside the target: in the dataset
   of App. B.3 with eps = 1/5, below eps0, a target token of a context
   of the target peaks below 0. gamma = (3/4, 1/4, 3/4, 1/4), omega uniform *)
Theorem finding_remark_3_4 :
  exists (V : list nat) kz (kc : bool -> nat) gamma omega a b p d W H P N
    target j z c,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 2 2 /\
  gamma_omega V kz 2 gamma omega (1 / 5) a b /\ length P = length N /\
  (forall y, In y V -> kz y = target ->
    - ln (gamma y / omega y) < threshold 2 (1 / 5)) /\
  kc j = target /\ In z V /\ kz z = target /\
  peak (steered_increase V d W H P N p j z) (finite c) /\ c < 0.
Proof. exact remark_3_4_false. Qed.

(* claim: finding-1.large-epsilon; nor does it name one on eps, its proof
   takes eps < eps0: the same outside the target and outside N, eps = 9/20,
   gamma = (3/10, 7/10, 2/5, 3/5, 1/2, 1/2),
   omega = (7/10, 3/10, 19/20, 1/20, 1/2, 1/2) *)
Theorem finding_remark_3_4_outside :
  exists (V : list nat) kz (kc : three -> nat) gamma omega a b p d W H P N
    target j z c,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 3 2 /\
  gamma_omega V kz 3 gamma omega (9 / 20) a b /\ length P = length N /\
  kc j <> target /\ (forall i, In i N -> kc j <> kc i) /\
  In z V /\ kz z = target /\
  peak (steered_increase V d W H P N p j z) (finite c) /\ c < 0.
Proof. exact remark_3_4_false_outside. Qed.

(* claim: finding-7.limit-formula; A misprint: equation (5) is right.
   Off target the limit is -p(z), here -b_z; equation (9)
   gives -a_z. *)
Theorem finding_prop_b1_eq_9 :
  exists (V : list nat) kz (kc : bool -> nat) a b p P N target z,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\ In z V /\
  kz z <> target /\
  tends_plus (probability_increase V (p true) (log_odds p P N) z) (- b z) /\
  ~ tends_plus (probability_increase V (p true) (log_odds p P N) z) (- a z).
Proof. exact equation_9_false. Qed.

(* claim: finding-2.vanishing; A concept that vanishes
   never returns to its unsteered value. *)
Theorem finding_vanishing : forall (A : Type) (V : list A) p M C top, law V p ->
  inhabited C V -> highest V M top ->
  (forall z, In z V -> C z = true -> M z <> top) ->
  ~ tends_plus (concept_increase V p M C) 0.
Proof. exact @never_back. Qed.

(* claim: finding-3.two-humps; The mass of a concept
   starts at 1, and is neither monotone nor a bump. *)
Theorem finding_three_behaviours :
  exists (V : list nat) kz (kc : three -> nat) a b p P N target k,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\ k <> target /\
  tends_minus (mass V (p first) (log_odds p P N) (in_target kz k)) 1 /\
  ~ exists s,
  peak (concept_increase V (p first) (log_odds p P N) (in_target kz k)) s.
Proof. exact fourth_behaviour. Qed.

(* claim: finding-3.inflections; the target's curve
   need not turn once from convex to concave *)
Theorem finding_sigmoidal :
  exists (V : list nat) kz (kc : three -> nat) a b p P N target,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\
  ~ exists c, forall x y, x < y ->
    let f := mass V (p second) (log_odds p P N) (in_target kz target) in
    (y <= c -> f ((x + y) / 2) <= (f x + f y) / 2) /\
    (c <= x -> (f x + f y) / 2 <= f ((x + y) / 2)).
Proof. exact not_sigmoidal. Qed.

(* claim: finding-4.no-bump; With one ratio a/b on the target, as in
   the uniform dataset, every target token increases for ever. *)
Theorem finding_no_bump :
  forall (A J : Type) (V : list A) kz (kc : J -> nat) a b p P N target ratio,
  assumption_1 V kz kc a b p -> steering_sets kc target P N ->
  proper (in_target kz target) V ->
  (forall z, In z V -> kz z = target -> a z / b z = ratio) ->
  forall j z, In z V -> kz z = target ->
  increasing (probability_increase V (p j) (log_odds p P N) z).
Proof. exact @no_target_bump. Qed.

(* claim: finding-5.linear; An addition, not an error: the paper
   claims a plateau for transformers only, because of their
   norm. Without a norm the loss leaves every bound. *)
Theorem finding_no_plateau :
  forall (A J : Type) (V : list A) (js : list J) w p (M : A -> R) k,
  laws V js p -> weights js w -> varies V M ->
  exists bound, forall alpha, bound < alpha ->
  k < cross_entropy_increase V js w p M alpha.
Proof. exact @no_plateau. Qed.

(* claim: finding-6.degrading; The paper assumes perfect training.
   For any distributions of the model the loss starts with
   slope E_model M - E_data M ... *)
Theorem finding_degrades_slope : forall (A J : Type) (V : list A)
    (js : list J) w (data model : J -> A -> R) (M : A -> R),
  laws V js data -> laws V js model -> derivable_pt_lim
    (fun alpha => cross_entropy V js w data
      (fun j => tilt V (model j) M alpha)) 0
    (sum (fun j => w j *
        (mean V (model j) M 0 - sum (fun z => data j z * M z) V)) js).
Proof. exact @untrained_slope. Qed.

(* claim: finding-6.degrading; ... which can be negative before training
   ends. *)
Theorem finding_degrades :
  exists (V : list nat) (data model M : nat -> R) (slope : R),
  law V data /\ law V model /\ slope < 0 /\
  derivable_pt_lim (fun alpha => cross_entropy V (tt :: nil) (fun _ => 1)
    (fun _ => data) (fun _ => tilt V model M alpha)) 0 slope.
Proof. exact steering_can_help. Qed.

(* claim: finding-6.degrading; the slope at 0, of any model, trained or not: the
   gradient in the embeddings, summed over contexts, times the vector *)
Theorem finding_degrades_gradient :
  forall (A J : Type) (V : list A) d W (p : J -> A -> R) js w H,
  V <> nil -> forall same, NoDup js ->
  (exists D, gradient V d W p js w same H D) /\
  forall D v, gradient V d W p js w same H D ->
  derivable_pt_lim (fun alpha =>
    embedding_loss V d W p js w (fun j i => H j i + alpha * v i)
    - embedding_loss V d W p js w H) 0
    (dot d (fun i => sum (fun j => D j i) js) v).
Proof.
  split; [apply gradient_exists|intros D v; apply steering_slope]; assumption.
Qed.

(* claim: finding-6.degrading; so steering has slope 0 at every stationary H,
   such as one of least loss for its decoder, or of a perfectly trained model *)
Theorem finding_degrades_stationary :
  forall (A J : Type) (V : list A) d W (p : J -> A -> R) js w H,
  V <> nil -> forall same, NoDup js ->
  (trained V d W H p -> stationary V d W p js w same H) /\
  ((forall H', embedding_loss V d W p js w H <= embedding_loss V d W p js w H')
    -> stationary V d W p js w same H) /\
  (stationary V d W p js w same H -> forall P N,
   derivable_pt_lim (steered_loss_increase V d W H P N p js w) 0 0).
Proof.
  split; [apply trained_stationary; assumption|].
  split; [apply minimal_stationary; assumption|]. intros H_stationary P N.
  apply (stationary_slope V d W p js w H) with (same := same); assumption.
Qed.

(* ======== What is lost without a hypothesis ======== *)

(* claim: lemma-b4.equal-rates; a = b on a target
   token: Lemma B.4 fails there. *)
Theorem finding_equal_rates :
  exists (V : list nat) kz (kc : bool -> nat) p target z,
  (forall j, law V (p j)) /\ In z V /\ kz z = target /\ kc true = target /\
  kc false <> target /\
  log_odds p (true :: nil) (false :: nil) z = 0.
Proof. exact equal_rates. Qed.

(* claim: thm-3.3.reversed-order; a < b on some tokens:
   an off-target token peaks after a target token. *)
Theorem finding_reversed_order :
  exists (V : list nat) kz (kc : bool -> nat) p target y z,
  (forall j, law V (p j)) /\ In y V /\ In z V /\ kz y <> target /\
  kz z = target /\
  kc true = target /\ kc false <> target /\
  forall s t, peak (fun alpha =>
    tilt V (p true) (log_odds p (true :: nil) (false :: nil)) alpha y) s ->
    peak (fun alpha => tilt V (p true)
      (log_odds p (true :: nil) (false :: nil)) alpha z) t -> below t s.
Proof. exact reversed_order. Qed.

(* claim: prop-4.1.constant-vector; LayerNorm
   does not see a constant steering vector. *)
Theorem finding_layernorm_constant :
  forall d eps gain bias x c alpha i, (i < d)%nat ->
  layer_norm d eps gain bias (fun k => x k + alpha * c) i =
    layer_norm d eps gain bias x i.
Proof. exact layer_norm_constant. Qed.

(* claim: sweet-spot.disjoint; Each context has a
   sweet spot, yet two contexts may share none. *)
Theorem finding_sweet_spots :
  exists (V : list nat) kz (kc : bool -> nat) a b p P N target low high,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\
  highest (members (outside (in_target kz target)) V) (log_odds p P N) low /\
  lowest (members (in_target kz target) V) (log_odds p P N) high /\
  low < high /\
  forall alpha, ~ (low < mean V (p true) (log_odds p P N) alpha < high /\
                   low < mean V (p false) (log_odds p P N) alpha < high).
Proof. exact sweet_intersection_empty. Qed.

(* ======== One tuple, one list of axioms ======== *)

Definition everything :=
  (@assumption_1_parametrisation, @assumption_2_attainable, @assumption_2_floor,
    setting_consistent,
   (@thm_3_3_scaling, @thm_3_3_scaling_vector, thm_3_3_scaling_order,
    @limit_rate_minus, remark_3_4_root, @remark_3_4_threshold,
    @thm_3_6_logistic_paper, @thm_3_6_logistic,
    @finding_degrades_gradient, @finding_degrades_stationary),
   (assumption_2_floor_reached, @assumption_2_minimiser, @assumption_2_rank,
     @assumption_2_rank_concepts),
   (@definition_2_1_cross_entropy, @definition_2_1_law),
   @lemma_b2_affine, @lemma_b3_tilt, @lemma_b3_direction, @lemma_b4_value,
   @lemma_b4_sign, @lemma_b4_weights,
   (@assumption_1_parametrisation_varying, @assumption_1_special,
     @lemma_b4_value_varying), @lemma_b4_varying, lemma_b5_derivative,
   tilt_cumulants, tilt_mean,
   (bell_recursion, cumulants_all_orders, tilt_all_orders, concept_all_orders,
     cross_entropy_all_orders), @thm_3_3_bump, @thm_3_3_peak,
   @thm_3_3_peak_order, @thm_3_3_monotone, @peak_height,
   @prop_b1_limit_plus, @prop_b1_limit_minus, @limit_rate,
   (@setting_has_margin, @remark_3_4_one_law,
     @half_saturation_paper, @strength_feasible_paper,
     @thm_3_3_bump_paper, @thm_3_3_peak_order_paper, @thm_3_3_monotone_paper,
     @prop_b1_paper,
    @remark_3_4_positive_peaks, @remark_3_4_contrastive,
    @remark_3_4_target_context,
    @thm_3_6_tanh_paper, @thm_3_6_target_increasing_paper,
    @thm_3_6_vanishing_paper, @thm_3_6_decreasing_paper,
    @thm_3_8_quadratic_paper, @ce_convex_paper, @contrastive_geometric_path,
    @contrastive_peak_shift, sign_rule),
   (geometric_path, contrastive_one_law, @half_saturation_once,
     @strength_feasible, @strength_feasible_pooled),
   (@thm_3_6_tanh, @thm_3_6_growth, @thm_3_6_target_increasing,
     @thm_3_6_target_limits, @thm_3_6_vanishing, @thm_3_6_decreasing,
    @half_saturation_bounds, @strength_target, @strength_reverse,
    @sweet_spot_nonempty, @sweet_spot_open, @sweet_spot_width,
     @sweet_spot_overlap, @sweet_spot_shared, sweet_spot_shared_sharp),
   (@thm_3_8_quadratic, @ce_kl_identity, @ce_convex, @ce_u_shape,
     @ce_derivatives, @ce_upper_bounds, @ce_upper_bennett,
    @ce_lower_bounds, @ce_lower_merged, @ce_remainder, @third_moment_bound,
    @ce_asymptote, @ce_asymptote_minus,
     @strength_budget, @strength_budget_best,
     @ceiling_reverse_kl, @ceiling_forward_kl, @ceiling_mean_log_odds),
   (@estimated_log_probability, @estimated_total_variation,
     @estimated_cross_entropy, @estimated_any_data, @estimated_feasible,
     @estimated_margin, estimated_half_range),
   (@side_effect_first_order, @side_effect_second_order, @side_effect_slope),
   (@sequence_divergence, @sequence_divergence_bound,
     @sequence_divergence_convex, @sequence_chain_rule, @sequence_total,
     @sequence_presence, @sequence_count, sequence_presence_can_fall),
   (@side_effect_cross_talk, @side_effect_cross_talk_bound,
     @side_effect_two_vectors, @side_effect_two_hessian, @side_effect_undone),
   (@park_separable, @park_pair, @park_together),
   (@scaling_length, @scaling_unit_length, @sign_separation_signs,
     @sign_separation_order, @sign_separation_pairs, @thm_3_6_steepest,
     @presence_mass, @presence_unseen, @presence_half, @presence_earlier,
     @dominating_limit, @dominating_limit_layernorm, @dominating_last_block,
     @dominating_last_block_layernorm, prompt_free_norm,
     prompt_free_norm_layernorm, @prompt_free_tilt, @prompt_free_single,
     @prompt_free_ends),
   (@literature_tanh, @literature_quadratic, @literature_benefit,
     @literature_damage, @literature_pairs, @literature_masses,
     @literature_monotone, @literature_inverted_u),
   (remainder_bound, prop_4_1_rmsnorm, prop_4_1_layernorm, prop_4_1_plateau,
     prop_4_1_plateau_layernorm, prop_4_1_cross_entropy,
     prop_4_1_cross_entropy_layernorm, prop_4_1_rate, prop_4_1_rate_layernorm,
     prop_4_1_rate_logits, prop_4_1_rate_logits_layernorm,
     prop_4_1_rate_supremum, prop_4_1_norms, norm_without_eps,
     attention_averages, attention_is_bounded, feed_forward_is_bounded,
     activation_is_bounded, transformer_is_pre_norm, prop_4_1_consistent),
   (norm_circle_ellipse, norm_circle_ellipse_layernorm, norm_circle_cosine,
    @norm_circle_limit, @norm_circle_approach, @norm_circle_side,
    @norm_circle_log_odds, @norm_circle_turns, norm_circle_three_turns,
    @norm_circle_plateau, @norm_circle_budget),
   (finding_remark_3_4, finding_remark_3_4_outside, finding_prop_b1_eq_9,
     finding_vanishing, finding_three_behaviours, finding_sigmoidal,
    finding_no_bump, finding_no_plateau, finding_degrades_slope,
    finding_degrades, finding_equal_rates,
    finding_reversed_order, finding_layernorm_constant, finding_sweet_spots)).

Print Assumptions everything.
