(* Every notion that the statements use, on Coq's standard library alone. Tokens
   are any type A, a vocabulary is a list of them, contexts are any type J. *)
From Coq Require Import Reals List Arith.
Open Scope R_scope.

(* ---- Finite sums ---- *)

Fixpoint sum {A : Type} (f : A -> R) (l : list A) : R :=
  match l with nil => 0 | x :: rest => f x + sum f rest end.

Definition average {A : Type} (f : A -> R) (l : list A) : R :=
  sum f l / INR (length l).

(* ---- Limits at infinity, and monotonicity (always strict) ---- *)

Definition tends_plus (f : R -> R) (limit : R) : Prop :=
  forall eps, 0 < eps -> exists bound, forall x, bound < x ->
  Rabs (f x - limit) < eps.
Definition tends_minus (f : R -> R) (limit : R) : Prop :=
  forall eps, 0 < eps -> exists bound, forall x, x < bound ->
  Rabs (f x - limit) < eps.

Definition increasing (f : R -> R) : Prop := forall x y, x < y -> f x < f y.
Definition decreasing (f : R -> R) : Prop := forall x y, x < y -> f y < f x.
Definition increasing_until (a : R) (f : R -> R) : Prop :=
  forall x y, x < y -> y <= a -> f x < f y.
Definition decreasing_from (a : R) (f : R -> R) : Prop :=
  forall x y, a <= x -> x < y -> f y < f x.
Definition strictly_convex (f : R -> R) : Prop :=
  forall x y t, x < y -> 0 < t < 1 ->
  f (t * x + (1 - t) * y) < t * f x + (1 - t) * f y.

(* D n is the n-th derivative of f, for every order n. *)
Definition derivatives (f : R -> R) (D : nat -> R -> R) : Prop :=
  (forall x, D 0%nat x = f x) /\
  forall n x, derivable_pt_lim (D n) x (D (S n) x).

(* A steering strength in the extended reals, and where a curve peaks. *)
Inductive strength : Type := minus_infinity | finite (a : R) | plus_infinity.

Definition below (s t : strength) : Prop :=
  match s, t with
  | minus_infinity, minus_infinity => False
  | minus_infinity, _ => True
  | finite a, finite b => a < b
  | finite _, plus_infinity => True
  | _, _ => False
  end.

Definition peak (f : R -> R) (s : strength) : Prop :=
  match s with
  | minus_infinity => decreasing f
  | finite a => increasing_until a f /\ decreasing_from a f
  | plus_infinity => increasing f
  end.

(* Where a peak at s goes when alpha becomes c alpha: to s / c, c <> 0. *)
Definition divided (s : strength) (c : R) : strength :=
  match s with
  | finite a => finite (a / c)
  | minus_infinity => if Rlt_dec 0 c then minus_infinity else plus_infinity
  | plus_infinity => if Rlt_dec 0 c then plus_infinity else minus_infinity
  end.

(* ---- Complete Bell polynomials ---- *)

(* Binomial.C n k is the library's n! / (k! (n-k)!). *)

(* Recursion on all smaller values: u n = step n u, where
   step n may look at u i for i < n (elsewhere it sees 0). *)
Fixpoint before (step : nat -> (nat -> R) -> R) (n : nat) : nat -> R :=
  match n with
  | O => fun _ => 0
  | S k => fun i =>
      if Nat.eqb i k then step k (before step k) else before step k i
  end.
Definition recursive (step : nat -> (nat -> R) -> R) (n : nat) : R :=
  step n (before step n).

(* B_0 = 1, B_{k+1} = sum_{i <= k} C(k,i) B_{k-i} x_{i+1}. *)
Definition bell (x : nat -> R) : nat -> R := recursive (fun n b =>
  match n with
  | O => 1
  | S k => sum (fun i => Binomial.C k i * b (k - i)%nat * x (S i)) (seq 0 (S k))
  end).

(* ---- The exponential tilt of a distribution p by the log-odds M ---- *)

Section Tilt.
Context {A : Type}.
Implicit Types (V : list A) (p M g : A -> R) (C : A -> bool)
  (alpha : R) (z : A).

Definition positive V p : Prop := forall z, In z V -> 0 < p z.
Definition law V p : Prop := positive V p /\ sum p V = 1.

Definition weight p M alpha z : R := p z * exp (alpha * M z).
Definition partition V p M alpha : R := sum (weight p M alpha) V.
Definition tilt V p M alpha z : R := weight p M alpha z / partition V p M alpha.
Definition expect V p M alpha g : R :=
  sum (fun z => tilt V p M alpha z * g z) V.
Definition mean V p M alpha : R := expect V p M alpha M.
Definition moment V p M alpha n : R :=
  expect V p M alpha (fun z => (M z - mean V p M alpha) ^ n).
Definition variance V p M alpha : R := moment V p M alpha 2.
Definition log_partition V p M alpha : R := ln (partition V p M alpha).
Definition raw_moment V p M n alpha : R :=
  expect V p M alpha (fun z => M z ^ n).
(* kappa_{k+1} = m_{k+1} - sum_{i < k} C(k,i) kappa_{i+1} m_{k-i};
   order 0 is the log-partition itself. *)
Definition cumulant V p M n alpha : R := recursive (fun n kappa =>
  match n with
  | O => log_partition V p M alpha
  | S k => raw_moment V p M (S k) alpha
           - sum (fun i =>
               Binomial.C k i * kappa (S i) * raw_moment V p M (k - i) alpha)
               (seq 0 k)
  end) n.

Definition varies V M : Prop := exists y z, In y V /\ In z V /\ M y < M z.
Definition highest V M (top : R) : Prop :=
  (exists z, In z V /\ M z = top) /\ forall z, In z V -> M z <= top.
Definition lowest V M (bottom : R) : Prop :=
  (exists z, In z V /\ M z = bottom) /\ forall z, In z V -> bottom <= M z.
Definition level M (m : R) z : bool := if Req_EM_T (M z) m then true else false.
(* M takes its values in an interval of length `range`. *)
Definition ranges V M (range : R) : Prop :=
  forall y z, In y V -> In z V -> M z - M y <= range.

(* Its logarithm is how far apart low and high are between bottom and top, on
   the scale on which both ends are infinitely far away. *)
Definition cross_ratio (bottom low high top : R) : R :=
  (high - bottom) * (top - low) / ((low - bottom) * (top - high)).

(* Sets of tokens: a test C, its members in V, its complement. *)
Definition outside C z : bool := negb (C z).
Definition members C V : list A := filter C V.
Definition inhabited C V : Prop := exists z, In z V /\ C z = true.
(* C is a proper part of the vocabulary: neither empty nor everything. *)
Definition proper C V : Prop := inhabited C V /\ inhabited (outside C) V.
(* Target tokens have the larger log-odds: the separation margin is positive. *)
Definition separated T V M : Prop :=
  forall y z, In y V -> In z V -> T y = false -> T z = true -> M y < M z.

(* T leads every other token by at least delta. *)
Definition margin T V M (delta : R) : Prop :=
  forall y z, In y V -> In z V -> T y = false -> T z = true ->
  M y + delta <= M z.
(* No token of T leads another token by more than this. *)
Definition largest_margin T V M (most : R) : Prop :=
  forall y z, In y V -> In z V -> T y = false -> T z = true ->
  M z <= M y + most.
(* The distribution that keeps only the tokens with M z = m, renormalised. *)
Definition top_mass V p M (m : R) : R := sum p (members (level M m) V).
Definition top_law V p M (m : R) z : R :=
  if level M m z then p z / top_mass V p M m else 0.

Definition mass V p M C alpha : R := sum (tilt V p M alpha) (members C V).
(* The distribution given that the token is of C. *)
Definition given V p M C alpha z : R := tilt V p M alpha z / mass V p M C alpha.
Definition probability_increase V p M z alpha : R := tilt V p M alpha z - p z.
Definition concept_increase V p M C alpha : R :=
  average (fun z => probability_increase V p M z alpha) (members C V).
Definition logit (x : R) : R := ln (x / (1 - x)).
Definition logistic (x : R) : R := exp x / (1 + exp x).

(* ln of the exponential moment of the two-point
   distribution with mean 0, variance s and maximum b. *)
Definition two_point (s b alpha : R) : R :=
  ln (b ^ 2 / (b ^ 2 + s) * exp (- alpha * s / b)
    + s / (b ^ 2 + s) * exp (alpha * b)).
Definition KL V p (q : A -> R) : R := sum (fun z => p z * ln (p z / q z)) V.
Definition variation_distance V p (q : A -> R) : R :=
  sum (fun z => Rabs (p z - q z)) V / 2.
(* An estimate M' of M is off by at most eta, up to a constant. *)
Definition estimates V M (M' : A -> R) (eta : R) : Prop :=
  exists c, forall z, In z V -> Rabs (M' z - M z - c) <= eta.
(* Hilbert's distance of p and q is at most D: so far apart is ln (p / q) at any
   two tokens. *)
Definition apart V p (q : A -> R) (D : R) : Prop :=
  forall y z, In y V -> In z V -> ln (p y / q y) - ln (p z / q z) <= D.
(* Cov(1_C, M): how fast the mass of C grows. *)
Definition covariance V p M C alpha : R :=
  expect V p M alpha (fun z => (if C z then 1 else 0) *
    (M z - mean V p M alpha)).
(* Two vectors at once: p tilted by a M + b N, and how far M and N vary
   together under that. *)
Definition both M (N : A -> R) (a b : R) z : R := a * M z + b * N z.
Definition joint_tilt V p M N a b : A -> R := tilt V p (both M N a b) 1.
Definition joint_mean V p M N a b g : R := expect V p (both M N a b) 1 g.
Definition cross_talk V p M N a b : R := joint_mean V p M N a b (fun z =>
  (M z - joint_mean V p M N a b M) * (N z - joint_mean V p M N a b N)).
(* p^alpha q^(1-alpha), renormalised: from q at 0 to p
   at 1. Rpower x y is the library's exp (y * ln x). *)
Definition geometric V p (q : A -> R) alpha z : R :=
  Rpower (p z) alpha * Rpower (q z) (1 - alpha) /
  sum (fun y => Rpower (p y) alpha * Rpower (q y) (1 - alpha)) V.
End Tilt.

(* ---- Cross-entropy over contexts js with weights w ---- *)

Section CrossEntropy.
Context {A J : Type}.
Implicit Types (V : list A) (js : list J) (w : J -> R) (p q : J -> A -> R)
  (M : A -> R).

Definition cross_entropy V js w p q : R :=
  - sum (fun j => w j * sum (fun z => p j z * ln (q j z)) V) js.
Definition cross_entropy_increase V js w p M alpha : R :=
  cross_entropy V js w p (fun j => tilt V (p j) M alpha)
    - cross_entropy V js w p p.
Definition laws V js p : Prop := forall j, In j js -> law V (p j).
Definition weights js w : Prop :=
  (forall j, In j js -> 0 < w j) /\ sum w js = 1.
Definition pooled_variance V js w p M alpha : R :=
  sum (fun j => w j * variance V (p j) M alpha) js.
Definition pooled_mass V js w p M (T : A -> bool) alpha : R :=
  sum (fun j => w j * mass V (p j) M T alpha) js.
Definition joint_price V js w p M (N : A -> R) a b : R :=
  cross_entropy_increase V js w p (both M N a b) 1.
(* What two vectors do to the mean of g over contexts. *)
Definition joint_shift V js w p M (N g : A -> R) a b : R :=
  sum (fun j => w j *
    (joint_mean V (p j) M N a b g - joint_mean V (p j) M N 0 0 g)) js.
(* The covariance of f and g under both, in the mean over contexts. *)
Definition joint_covariance V js w p M (N f g : A -> R) a b : R :=
  sum (fun j => w j * joint_mean V (p j) M N a b (fun z =>
    (f z - joint_mean V (p j) M N a b f)
      * (g z - joint_mean V (p j) M N a b g))) js.
(* Some strength costs at most k and gives the target at least tau. *)
Definition feasible (cost gain : R -> R) (k tau : R) : Prop :=
  exists alpha, cost alpha <= k /\ tau <= gain alpha.

(* ---- Interventions: any q in place of p ---- *)

(* Tokens of probability 0 are allowed; a law has none. *)
Definition distributions V js (q : J -> A -> R) : Prop := forall j, In j js ->
  (forall z, In z V -> 0 <= q j z) /\ sum (q j) V = 1.
Definition pooled_KL V js w p q : R :=
  sum (fun j => w j * KL V (p j) (q j)) js.
Definition share_of V q (T : A -> bool) (j : J) : R := sum (q j) (members T V).
Definition pooled_share V js w q (T : A -> bool) : R :=
  sum (fun j => w j * share_of V q T j) js.
Definition indicator (T : A -> bool) z : R := if T z then 1 else 0.
(* The divergence between two masses of one set. *)
Definition binary_KL (a b : R) : R :=
  a * ln (a / b) + (1 - a) * ln ((1 - a) / (1 - b)).
(* p with the mass f j on T, and the same law given T and given not T. *)
Definition with_mass V p (T : A -> bool) (f : J -> R) (j : J) (z : A) : R :=
  if T z then p j z * (f j / share_of V p T j)
  else p j z * ((1 - f j) / (1 - share_of V p T j)).
(* The root in (0, 1) of f - F = mu f (1 - f). *)
Definition ceiling_mass (mu F : R) : R :=
  (mu - 1 + sqrt ((1 - mu) ^ 2 + 4 * mu * F)) / (2 * mu).
End CrossEntropy.

(* ---- Sequences of n tokens: after z in context j comes next j z ---- *)

Section Sequences.
Context {A J : Type}.
Variables (next : J -> A -> J) (V : list A).
Implicit Types (q : J -> A -> R) (j k : J) (T : A -> bool) (s : list A).

Fixpoint sequences (n : nat) : list (list A) :=
  match n with
  | O => nil :: nil
  | S m => flat_map (fun z => map (cons z) (sequences m)) V
  end.
Fixpoint sequence_law q j s : R :=
  match s with
  | nil => 1
  | z :: rest => q j z * sequence_law q (next j z) rest
  end.
Definition sequence_expect n q j (h : list A -> R) : R :=
  sum (fun s => sequence_law q j s * h s) (sequences n).
(* The contexts in which one of n tokens from j on is drawn. *)
Fixpoint reached (n : nat) j k : Prop :=
  match n with
  | O => False
  | S m => k = j \/ exists z, In z V /\ reached m (next j z) k
  end.
(* What the contexts are worth, added up on the way. *)
Fixpoint on_the_way (g : J -> R) j s : R :=
  match s with nil => 0 | z :: rest => g j + on_the_way g (next j z) rest end.
Definition appears T s : R := if existsb T s then 1 else 0.
Definition count T s : R := sum (indicator T) s.
End Sequences.

(* ---- Definition 2.1: a dataset of pairs (context, next token) ---- *)

Section Pairs.
Context {A J : Type}.
Variables (same_context : forall i j : J, {i = j} + {i <> j})
  (same_token : forall y z : A, {y = z} + {y <> z}).
Implicit Types (pairs : list (J * A)) (j : J) (z : A).

Definition context_is j (pair : J * A) : bool :=
  if same_context (fst pair) j then true else false.
Definition token_is z (pair : J * A) : bool :=
  if same_token (snd pair) z then true else false.
Definition context_count pairs j : R :=
  INR (length (filter (context_is j) pairs)).
Definition pair_count pairs j z : R :=
  INR (length (filter (token_is z) (filter (context_is j) pairs))).
(* p(z | c_j), and the weight pi_j of a context. *)
Definition next_token_share pairs j z : R :=
  pair_count pairs j z / context_count pairs j.
Definition context_share pairs j : R :=
  context_count pairs j / INR (length pairs).
(* -(1/n) sum_i ln q(z_i | c_i), q j the model's distribution at c_j. *)
Definition pairs_cross_entropy pairs (q : J -> A -> R) : R :=
  - average (fun pair => ln (q (fst pair) (snd pair))) pairs.
(* Every pair is of a context in js and a token in V, each listed once. *)
Definition dataset (V : list A) (js : list J) pairs : Prop :=
  NoDup V /\ NoDup js /\ pairs <> nil /\
  forall pair, In pair pairs -> In (fst pair) js /\ In (snd pair) V.
End Pairs.

(* ---- The paper's setting: dataset, model, steering ---- *)

Section Setting.
Context {A J : Type}.
Implicit Types (V : list A) (P N : list J) (p : J -> A -> R) (a b : A -> R)
  (token_concept : A -> nat) (context_concept : J -> nat) (d : nat).

(* Assumption 1: inside its own concept a token has rate a, elsewhere rate b. *)
Definition assumption_1 V token_concept context_concept a b p : Prop :=
  (forall z, In z V -> 0 < b z < a z /\ a z < 1) /\
  (forall j, sum (p j) V = 1) /\
  (forall j z, In z V ->
     p j z = if Nat.eqb (token_concept z) (context_concept j)
       then a z else b z).

(* Its extension (App. B.1): the rate of a token inside
   its own concept may depend on the context. *)
Definition assumption_1_varying V token_concept context_concept
    (a : J -> A -> R) b p : Prop :=
  (forall j z, In z V -> 0 < b z < a j z /\ a j z < 1) /\
  (forall j, sum (p j) V = 1) /\
  (forall j z, In z V ->
     p j z = if Nat.eqb (token_concept z) (context_concept j)
       then a j z else b z).

(* The share of contexts whose concept is k; w_k is
   its difference between P and N. *)
Definition share context_concept (k : nat) (l : list J) : R :=
  average (fun j => if Nat.eqb (context_concept j) k then 1 else 0) l.
Definition concept_weight context_concept P N k : R :=
  share context_concept k P - share context_concept k N.
(* Positive contexts have the target concept, negative ones another. *)
Definition steering_sets context_concept (target : nat) P N : Prop :=
  P <> nil /\ N <> nil /\
  (forall j, In j P -> context_concept j = target) /\
  (forall j, In j N -> context_concept j <> target).

Definition log_odds p P N z : R :=
  average (fun i => ln (p i z)) P - average (fun i => ln (p i z)) N.

Definition softmax V (f : A -> R) z : R :=
  exp (f z) / sum (fun y => exp (f y)) V.
Definition dot d (x y : nat -> R) : R := sum (fun i => x i * y i) (seq 0 d).
(* The unconstrained features model: decoder W, one
   embedding H j for each context. *)
Definition logits d (W : A -> nat -> R) (h : nat -> R) z : R := dot d (W z) h.
Definition trained V d W (H : J -> nat -> R) p : Prop :=
  forall j z, In z V -> softmax V (logits d W (H j)) z = p j z.
(* The training loss as a function of the embeddings. *)
Definition embedding_loss V d W p (js : list J) (w : J -> R)
    (H : J -> nat -> R) : R :=
  cross_entropy V js w p (fun j => softmax V (logits d W (H j))).
(* Softmax does not see the mean over V that is taken away here. *)
Definition centred_log V p j z : R :=
  ln (p j z) - average (fun y => ln (p j y)) V.
(* The matrix L (a row for each token of V, a column for each context) is a
   product through d dimensions; its rank is the least such d. *)
Definition factors V (L : J -> A -> R) d : Prop :=
  exists (U : A -> nat -> R) (h : J -> nat -> R),
  forall j z, In z V -> L j z = dot d (U z) (h j).
Definition rank V (L : J -> A -> R) (r : nat) : Prop :=
  factors V L r /\ forall d, factors V L d -> (r <= d)%nat.
Definition steering_vector (H : J -> nat -> R) P N (i : nat) : R :=
  average (fun j => H j i) P - average (fun j => H j i) N.
Definition steered_logits d W H P N j alpha z : R :=
  logits d W (fun i => H j i + alpha * steering_vector H P N i) z.
Definition steered_law V d W H P N j alpha z : R :=
  softmax V (steered_logits d W H P N j alpha) z.
(* What steering adds to one probability, to a set
   of tokens, and to the training loss. *)
Definition steered_increase V d W H P N p j z alpha : R :=
  steered_law V d W H P N j alpha z - p j z.
Definition steered_concept_increase V d W H P N p j (C : A -> bool) alpha : R :=
  average (fun z => steered_increase V d W H P N p j z alpha) (members C V).
Definition steered_loss_increase V d W H P N p (js : list J)
    (w : J -> R) alpha : R :=
  cross_entropy V js w p (fun j => steered_law V d W H P N j alpha)
  - embedding_loss V d W p js w H.

Definition in_target token_concept (target : nat) z : bool :=
  Nat.eqb (token_concept z) target.
(* The vocabulary is split into G concepts of `size` tokens each. *)
Definition concepts V token_concept context_concept (G size : nat) : Prop :=
  NoDup V /\ (forall z, In z V -> (token_concept z < G)%nat) /\
  (forall j : J, (context_concept j < G)%nat) /\
  forall k, (k < G)%nat ->
  length (members (in_target token_concept k) V) = size.
(* f is a distribution on each of the concepts 0, ..., G - 1. *)
Definition on_concepts V token_concept (G : nat) (f : A -> R) : Prop :=
  forall k, (k < G)%nat -> law (members (in_target token_concept k) V) f.
(* The dataset of App. B.3: a = (1 - eps) gamma and b = eps omega / (G - 1),
   with distributions gamma and omega on each concept. *)
Definition gamma_omega V token_concept (G : nat) (gamma omega : A -> R)
    (eps : R) a b : Prop :=
  (2 <= G)%nat /\ 0 < eps < (INR G - 1) / INR G /\
  on_concepts V token_concept G gamma /\
  on_concepts V token_concept G omega /\
  forall z, In z V ->
    a z = (1 - eps) * gamma z /\ b z = eps * omega z / (INR G - 1).
(* The proof of Remark 3.4 needs -log(gamma/omega) below this. *)
Definition threshold (G eps : R) : R :=
  (1 - eps / (G - 1)) * ln ((1 - eps) * (G - 1) / eps).

(* The partial derivative D j i of the training loss in
   coordinate i of the embedding of context j. *)
Definition moved (same : forall j k : J, {j = k} + {j <> k})
    (H : J -> nat -> R) j i t : J -> nat -> R :=
  fun k l => H k l + (if same k j then if Nat.eqb l i then t else 0 else 0).
Definition gradient V d W p js w same H (D : J -> nat -> R) : Prop :=
  forall j i, In j js -> (i < d)%nat ->
  derivable_pt_lim
    (fun t => embedding_loss V d W p js w (moved same H j i t)) 0 (D j i).
Definition stationary V d W p js w same H : Prop :=
  gradient V d W p js w same H (fun _ _ => 0).

(* Assumption 1, perfect training (Assumption 2),
   and a target concept to steer towards. *)
Record paper_setting V token_concept context_concept a b p d W H P N
    target : Prop := {
  setting_assumption : assumption_1 V token_concept context_concept a b p;
  setting_trained : trained V d W H p;
  setting_sets : steering_sets context_concept target P N;
  setting_proper : proper (in_target token_concept target) V
}.
(* The same with rates that may depend on the context. *)
Record varying_setting V token_concept context_concept (a : J -> A -> R) b p d
    W H P N target : Prop := {
  varying_assumption :
    assumption_1_varying V token_concept context_concept a b p;
  varying_trained : trained V d W H p;
  varying_sets : steering_sets context_concept target P N;
  varying_proper : proper (in_target token_concept target) V
}.
End Setting.

(* The setting determines its parts: pass the hypothesis alone. *)
Arguments setting_assumption
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments setting_trained
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments setting_sets
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments setting_proper
  {A J V token_concept context_concept a b p d W H P N target}.

Arguments varying_assumption
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments varying_trained
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments varying_sets
  {A J V token_concept context_concept a b p d W H P N target}.
Arguments varying_proper
  {A J V token_concept context_concept a b p d W H P N target}.

(* Three contexts for the counterexamples. *)
Inductive three : Type := first | second | third.
Definition index (j : three) : nat :=
  match j with first => 0 | second => 1 | third => 2 end.

(* ---- Pre-norm transformers: rows t < n of d coordinates ---- *)
Definition row_average (d : nat) (x : nat -> R) : R := average x (seq 0 d).
Definition euclidean (d : nat) (x : nat -> R) : R := sqrt (dot d x x).
Definition rms (d : nat) (eps : R) (x : nat -> R) : R :=
  sqrt (row_average d (fun i => x i ^ 2) + eps).
Definition rms_norm (d : nat) (eps : R) (gain x : nat -> R) (i : nat) : R :=
  gain i * (x i / rms d eps x).
Definition centred (d : nat) (x : nat -> R) (i : nat) : R :=
  x i - row_average d x.
Definition layer_norm (d : nat) (eps : R) (gain bias x : nat -> R)
    (i : nat) : R :=
  rms_norm d eps gain (centred d x) i + bias i.

(* Each sublayer adds F(norm(stream)) to the stream. *)

Definition stream := nat -> nat -> R.
Definition row_bounded (n d : nat) (bound : R) (X : stream) : Prop :=
  forall t i, (t < n)%nat -> (i < d)%nat -> Rabs (X t i) <= bound.
(* What a sublayer's map F must be: any function of
   all rows, bounded on bounded sets. *)
Definition bounded_map (n d : nat) (F : stream -> stream) : Prop :=
  forall bound, exists image, forall X, row_bounded n d bound X ->
  row_bounded n d image (F X).
Definition bounded_norm (d : nat) (norm : (nat -> R) -> nat -> R) : Prop :=
  exists bound, forall x i, (i < d)%nat -> Rabs (norm x i) <= bound.

Definition sublayer : Type := ((nat -> R) -> nat -> R) * (stream -> stream).
Definition apply_sublayer (s : sublayer) (X : stream) : stream :=
  fun t i => X t i + snd s (fun u => fst s (X u)) t i.
Fixpoint network (layers : list sublayer) (X : stream) : stream :=
  match layers with
  | nil => X
  | s :: rest => network rest (apply_sublayer s X)
  end.
Definition pre_norm (n d : nat) (layers : list sublayer) : Prop :=
  forall s, In s layers -> bounded_norm d (fst s) /\ bounded_map n d (snd s).
Definition steered_stream (X v : stream) (alpha : R) : stream :=
  fun t i => X t i + alpha * v t i.
(* All that the sublayers add; from a steered stream it is R(alpha). *)
Fixpoint increments (layers : list sublayer) (X : stream) : stream :=
  match layers with
  | nil => fun _ _ => 0
  | s :: rest => fun t i =>
      snd s (fun u => fst s (X u)) t i
      + increments rest (apply_sublayer s X) t i
  end.
Definition remainder (layers : list sublayer) (X v : stream) (alpha : R)
    : stream := increments layers (steered_stream X v alpha).
(* Row t of h + R(alpha): the last stream without alpha v. *)
Definition unsteered_part (layers : list sublayer) (X v : stream) (t : nat)
    (alpha : R) (i : nat) : R := X t i + remainder layers X v alpha t i.

(* For a gain of 1, a rest of norm rho and a steering alpha v of norm speed: how
   far a normed row is from its limit. The angle to alpha v is at most
   asin (rho / speed), and eps shortens a row of norm at least speed - rho. *)
Definition sharp_rate (d : nat) (eps rho speed : R) : R :=
  let length := (speed - rho) / sqrt ((speed - rho) ^ 2 + INR d * eps) in
  sqrt (INR d) *
    sqrt (2 - 2 * sqrt (1 - (rho / speed) ^ 2) + (1 - length) ^ 2).
(* A simpler bound, visibly O(1 / speed). *)
Definition norm_rate (d : nat) (eps rho speed : R) : R :=
  sqrt (INR d) *
    (2 * rho / (2 * speed - rho) + INR d * eps / (2 * (speed - rho) ^ 2)).

(* ---- Attention and feed-forward maps ---- *)
Definition affine (d : nat) (W : nat -> nat -> R) (b x : nat -> R)
    (k : nat) : R := dot d (W k) x + b k.

(* mask t s: row t may look at row s < n. *)
Definition visible (n : nat) (mask : nat -> nat -> bool) (t : nat) : list nat :=
  filter (mask t) (seq 0 n).
Definition causal (t s : nat) : bool := Nat.leb s t.

(* The score of row t for row s is any function of all rows: also one with
   rotary positions, normed queries and keys, or a cap. *)
Record head : Type := {
  head_score : stream -> nat -> nat -> R;
  head_value : nat -> nat -> R;
  head_value_bias : nat -> R;
  head_output : nat -> nat -> R
}.
(* The usual score: the query of row t times the key of row s. *)
Definition dot_product (d size : nat) (Q K : nat -> nat -> R)
    (query_bias key_bias : nat -> R) (X : stream) (t s : nat) : R :=
  dot size (affine d Q query_bias (X t)) (affine d K key_bias (X s))
    / sqrt (INR size).

(* One head of `size` coordinates averages the values of the visible rows. *)
Definition attention_weight (n : nat) (mask : nat -> nat -> bool) (h : head)
    (X : stream) (t s : nat) : R :=
  softmax (visible n mask t) (head_score h X t) s.
Definition attended (n d : nat) (mask : nat -> nat -> bool) (h : head)
    (X : stream) (t k : nat) : R :=
  sum (fun s => attention_weight n mask h X t s
    * affine d (head_value h) (head_value_bias h) (X s) k) (visible n mask t).
Definition attention (n d size : nat) (mask : nat -> nat -> bool)
    (heads : list head) (bias : nat -> R) (X : stream) (t i : nat) : R :=
  sum (fun h => dot size (head_output h i) (attended n d mask h X t)) heads
  + bias i.

(* W2 act(W1 x + b1) + b2, and W2 (act(W x + b) (W1 x + b1)) + b2. *)
Definition feed_forward (d width : nat) (act : R -> R) (W1 : nat -> nat -> R)
    (b1 : nat -> R) (W2 : nat -> nat -> R) (b2 : nat -> R)
    (X : stream) (t : nat) : nat -> R :=
  affine width W2 b2 (fun k => act (affine d W1 b1 (X t) k)).
Definition gated_feed_forward (d width : nat) (act : R -> R)
    (W : nat -> nat -> R) (b : nat -> R) (W1 : nat -> nat -> R) (b1 : nat -> R)
    (W2 : nat -> nat -> R) (b2 : nat -> R) (X : stream) (t : nat) : nat -> R :=
  affine width W2 b2
    (fun k => act (affine d W b (X t) k) * affine d W1 b1 (X t) k).
Definition locally_bounded (act : R -> R) : Prop :=
  forall bound, exists image, forall x, Rabs x <= bound ->
  Rabs (act x) <= image.
(* Each expert with its gate, a weight that may depend on all rows. *)
Definition mixture (experts : list ((stream -> nat -> R) * (stream -> stream)))
    (X : stream) (t i : nat) : R :=
  sum (fun e => fst e X t * snd e X t i) experts.

(* eps = 0 is allowed: a row of zeros has the norm 0, whatever x / 0 is. *)
Definition normalisation (d : nat) (norm : (nat -> R) -> nat -> R) : Prop :=
  (exists eps gain, 0 <= eps /\ norm = rms_norm d eps gain) \/
  (exists eps gain bias, 0 <= eps /\ norm = layer_norm d eps gain bias).

Inductive transformer_map (n d : nat) : (stream -> stream) -> Prop :=
  | attention_map size mask heads bias :
      transformer_map n d (attention n d size mask heads bias)
  | feed_forward_map width act W1 b1 W2 b2 : locally_bounded act ->
      transformer_map n d (feed_forward d width act W1 b1 W2 b2)
  | gated_map width act W b W1 b1 W2 b2 : locally_bounded act ->
      transformer_map n d (gated_feed_forward d width act W b W1 b1 W2 b2)
  | mixture_map experts :
      (forall e, In e experts -> forall X t, Rabs (fst e X t) <= 1) ->
      (forall e, In e experts -> transformer_map n d (snd e)) ->
      transformer_map n d (mixture experts)
  | post_normed_map norm F : normalisation d norm ->
      transformer_map n d (fun X t => norm (F X t)).
(* A sublayer of a transformer: a norm, then attention or a feed-forward map. *)
Definition transformer_sublayer (n d : nat) (s : sublayer) : Prop :=
  normalisation d (fst s) /\ transformer_map n d (snd s).

(* ---- The circle: steering between the last block and the norm ---- *)
(* The line h + alpha v is closest to 0 at alpha = `closest`, in `nearest`. *)
Definition closest (d : nat) (h v : nat -> R) : R := - dot d h v / dot d v v.
Definition nearest (d : nat) (h v : nat -> R) (i : nat) : R :=
  h i + closest d h v * v i.
Definition radius (d : nat) (eps : R) (h v : nat -> R) : R :=
  sqrt (dot d (nearest d h v) (nearest d h v) + INR d * eps).
Definition width (d : nat) (eps : R) (h v : nat -> R) : R :=
  radius d eps h v / euclidean d v.
(* The half axes of the ellipse, of one token with the row U of W. *)
Definition across (d : nat) (eps : R) (gain h v U : nat -> R) : R :=
  sqrt (INR d) * dot d U (fun i => gain i * nearest d h v i)
    / radius d eps h v.
Definition along (d : nat) (gain v U : nat -> R) : R :=
  sqrt (INR d) * dot d U (fun i => gain i * v i) / euclidean d v.

Definition line_angle (s w alpha : R) : R := atan ((alpha - s) / w).
Definition on_circle {A : Type} (a b c : A -> R) (s w alpha : R) (z : A) : R :=
  cos (line_angle s w alpha) * a z + sin (line_angle s w alpha) * b z + c z.
(* The limit for alpha to infinity (sign = 1) or minus infinity (-1). *)
Definition end_law {A : Type} (V : list A) (b c : A -> R) (sign : R) : A -> R :=
  softmax V (fun z => c z + sign * b z).
(* What is beyond the next term is at most this times cos^2 t, of logits whose
   half axes take values in intervals of length ra and rb. *)
Definition second_order (ra rb : R) : R := rb + (ra + rb) ^ 2 / 8.
