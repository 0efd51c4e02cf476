namespace MfpClip.References;

/// <summary>
/// Greedy k-centre order of tokens (PatchCore, algorithm 1): each next one is the token farthest from all before it. Every prefix of the
/// order is the coreset of that size. Distances are measured after a random projection.
/// </summary>
internal static class GreedyCoreset
{
    private const int ProjectedWidth = 128;

    /// <param name="vectors"><c>[N, D]</c> on any device.</param>
    /// <param name="count">Tokens to be chosen, at most N.</param>
    /// <param name="seed">Of the projection; the same seed gives the same order.</param>
    /// <returns>Indices, <c>count</c> of them.</returns>
    public static int[] Order(Tensor vectors, int count, long seed)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Project(vectors.to(ScalarType.Float32, torch.CPU), seed); // [N, d]
        // Starts at the token farthest from the mean: no choice depends on how tokens are numbered, save for ties.
        var nearest = Squared(x, x.mean([0], keepdim: true)); // [N]
        var order = new int[count];
        for (int i = 0; i < count; i++)
        {
            using var step = torch.NewDisposeScope();
            order[i] = (int)nearest.argmax().item<long>();
            var distance = Squared(x, x.narrow(0, order[i], 1));
            if (i == 0)
            {
                nearest.copy_(distance);
            }
            else
            {
                nearest.copy_(torch.minimum(nearest, distance));
            }

            nearest.narrow(0, order[i], 1).fill_(-1); // chosen once, even among equal tokens: the minimum keeps it
        }

        return order;
    }

    private static Tensor Project(Tensor x, long seed)
    {
        if (x.shape[1] <= ProjectedWidth)
        {
            return x;
        }

        var random = new Prompts.ParameterInitializer(seed).Normal("coreset projection", 1 / Math.Sqrt(ProjectedWidth), [x.shape[1], ProjectedWidth]);
        return torch.matmul(x, random);
    }

    private static Tensor Squared(Tensor x, Tensor center) => (x - center).square().sum(1);
}
