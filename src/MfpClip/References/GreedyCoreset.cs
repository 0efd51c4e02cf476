using MfpClip.Tensors;

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
        var lengths = x.square().sum(1); // [N]
        // Starts at the token farthest from the mean: no choice depends on how tokens are numbered, save for ties.
        var nearest = (x - x.mean([0], keepdim: true)).square().sum(1); // [N]
        var order = new int[count];
        for (int i = 0; i < count; i++)
        {
            using var step = torch.NewDisposeScope();
            int chosen = order[i] = (int)nearest.argmax().item<long>();
            // |x - c|^2 without a difference of all tokens
            var distance = (lengths + lengths[chosen] - (2 * torch.mv(x, x[chosen]))).clamp_(min: 0);
            nearest.copy_(i == 0 ? distance : torch.minimum(nearest, distance));
            nearest.narrow(0, chosen, 1).fill_(-1); // chosen once, even among equal tokens: the minimum keeps it
        }

        return order;
    }

    private static Tensor Project(Tensor x, long seed)
    {
        if (x.shape[1] <= ProjectedWidth)
        {
            return x;
        }

        var random = new ParameterInitializer(seed).Normal("coreset projection", 1 / Math.Sqrt(ProjectedWidth), [x.shape[1], ProjectedWidth]);
        return torch.matmul(x, random);
    }
}
