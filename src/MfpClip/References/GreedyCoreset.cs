using MfpClip.Tensors;

namespace MfpClip.References;

/// <summary>
/// Greedy k-centre order of tokens (PatchCore, arXiv 2106.08265, algorithm 1): each next one is the token farthest from all before it. Every prefix of
/// the order is the coreset of that size. The forms differ in where they start. One matrix-vector product a step; no token is chosen twice.
/// </summary>
internal static class GreedyCoreset
{
    private const int ProjectedWidth = 128;

    /// <summary>Starts at the token farthest from the mean: no choice depends on how tokens are numbered, save for ties.</summary>
    /// <param name="vectors"><c>[N, D]</c> on any device; distances are measured after a random projection to 128 where D is more.</param>
    /// <param name="count">Tokens to be chosen, at most N.</param>
    /// <param name="seed">Of the projection; the same seed gives the same order.</param>
    /// <returns>Indices, <c>count</c> of them.</returns>
    public static int[] Order(Tensor vectors, int count, long seed)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Project(vectors.to(ScalarType.Float32, torch.CPU), seed); // [N, d]
        var order = new int[count];
        Choose(x, order, 0, (x - x.mean([0], keepdim: true)).square().sum(1), keepsStart: false);
        return order;
    }

    /// <summary>The authors' approximate sampler: starts from the mean distance to some tokens, which do not become members themselves.</summary>
    /// <param name="vectors"><c>[N, D]</c>, projected before where that is wanted.</param>
    /// <param name="count">Tokens to be chosen, at most N.</param>
    /// <param name="startingPoints">Their rows.</param>
    public static int[] Approximate(Tensor vectors, int count, IReadOnlyList<long> startingPoints)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Centred(vectors);
        var lengths = x.square().sum(1);
        var mean = torch.zeros_like(lengths);
        foreach (long start in startingPoints)
        {
            mean.add_(SquaredDistances(x, lengths, start).sqrt());
        }

        var order = new int[count];
        Choose(x, order, 0, mean.div(startingPoints.Count).square(), keepsStart: true);
        return order;
    }

    /// <summary>The authors' exact sampler: starts from the norm of each token's distances to all.</summary>
    /// <param name="vectors"><c>[N, D]</c>.</param>
    /// <param name="count">Tokens to be chosen, at most N.</param>
    public static int[] Exact(Tensor vectors, int count)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Centred(vectors);
        // The sum of squared distances to all without the matrix of them: N |x|^2 + sum |y|^2 - 2 x sum y, and the last sum is 0 about the mean.
        var lengths = x.to_type(ScalarType.Float64).square().sum(1);
        var order = new int[count];
        Choose(x, order, 0, ((lengths * x.shape[0]) + lengths.sum()).to_type(x.dtype), keepsStart: true);
        return order;
    }

    /// <summary>anomalib's KCenterGreedy: starts at a given token, which is the first member.</summary>
    /// <param name="vectors"><c>[N, D]</c>, projected before where that is wanted.</param>
    /// <param name="count">Tokens to be chosen, at least 1 and at most N.</param>
    /// <param name="first">Row of the first.</param>
    public static int[] KCenter(Tensor vectors, int count, long first)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Centred(vectors);
        var start = SquaredDistances(x, x.square().sum(1), first);
        start.narrow(0, first, 1).fill_(-1);
        var order = new int[count];
        order[0] = (int)first;
        Choose(x, order, 1, start, keepsStart: true);
        return order;
    }

    // Chooses order[from..]; `nearest` are squared distances to what was chosen before, or what stands for them at the start.
    private static void Choose(Tensor x, int[] order, int from, Tensor nearest, bool keepsStart)
    {
        var lengths = x.square().sum(1); // [N]
        for (int i = from; i < order.Length; i++)
        {
            using var step = torch.NewDisposeScope();
            int chosen = order[i] = (int)nearest.argmax().item<long>();
            var distance = SquaredDistances(x, lengths, chosen);
            nearest.copy_(i == from && !keepsStart ? distance : torch.minimum(nearest, distance));
            nearest.narrow(0, chosen, 1).fill_(-1); // chosen once, even among equal tokens: the minimum keeps it
        }
    }

    // |x - c|^2 without a difference of all tokens
    private static Tensor SquaredDistances(Tensor x, Tensor lengths, long row) =>
        (lengths + lengths[row] - (2 * torch.mv(x, x[row]))).clamp_(min: 0);

    // Distances do not change, and less is lost of them to rounding.
    private static Tensor Centred(Tensor vectors)
    {
        var x = vectors.to_type(ScalarType.Float32);
        return x - x.mean([0], keepdim: true);
    }

    private static Tensor Project(Tensor x, long seed)
    {
        if (x.shape[1] <= ProjectedWidth)
        {
            return x;
        }

        var random = new ParameterInitializer(seed).Normal("coreset projection", 1 / Math.Sqrt(ProjectedWidth), [x.shape[1], ProjectedWidth]);
        return MatrixProduct.Of(x, random);
    }
}
