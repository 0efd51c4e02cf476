using MfpClip.Modules;
using MfpClip.Modules.Scoring;
using MfpClip.Tensors;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// AdaCLIP's image score with hybrid semantic fusion (arXiv 2407.15795, sections 4.6 and 4.7; method/custom_clip.py): a projection of the class
/// token, <c>q = norm(K f + k)</c>, joined by the mean of clusters of abnormal patches, <c>e = norm(alpha h + (1 - alpha) q)</c>, compared
/// with both texts: <c>S = softmax(tau e t)</c>.
/// </summary>
internal sealed class SemanticFusionScorer : WeightedModule, IAnomalyScorer
{
    private const int PatchesOfCluster = 5;

    private readonly AdaClipOptions _options;

    /// <exception cref="DetectorConfigurationException">The options are not valid.</exception>
    public SemanticFusionScorer(AdaClipOptions options, ModuleDimensions dimensions)
    {
        var faults = options.ScoreFaults().ToList();
        _options = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options;
        Parameters.AddLinear(new ParameterInitializer(options.Seed), CheckpointPrefix, "proj", dimensions.EmbedDim, dimensions.EmbedDim);
    }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "score";

    /// <summary>Clusters of one image's patches: image of the batch, patch indices, their values, number of clusters -> label of each.</summary>
    internal Func<int, long[], IReadOnlyList<float[]>, int, int[]>? Clustering { get; set; }

    /// <inheritdoc/>
    public ImageScore Score(ScoreContext context) => Score(context, null);

    /// <summary>The score, with what it is made of.</summary>
    internal ImageScore Score(ScoreContext context, Action<string, Tensor>? visit)
    {
        using var scope = torch.NewDisposeScope();
        var q = UnitVectors.Normalize(Parameters.Linear("proj", Enter(context.RawClassEmbedding))); // [B, C]
        visit?.Invoke("proj_cls_token", q);
        var e = q;
        if (_options.Fusion != SemanticFusion.Off)
        {
            var h = UnitVectors.Normalize(ClusterMean(context, visit)); // [B, C]
            visit?.Invoke("hsf_output", h);
            e = UnitVectors.Normalize((_options.FusionWeight * h) + ((1 - _options.FusionWeight) * q));
            visit?.Invoke("fused_image_feature", e);
        }

        var logits = _options.Tau * (e.unsqueeze(1) * context.Texts.to_type(e.dtype)).sum(-1); // [B, 2]
        return new(logits.softmax(-1).select(1, 1).MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "anomaly score",
        Component = "class token with hybrid semantic fusion (AdaCLIP)",
        Options = new Dictionary<string, string>
        {
            ["tau"] = Text($"{_options.Tau}"),
            ["fusion"] = _options.Fusion switch
            {
                SemanticFusion.Off => "off",
                SemanticFusion.MostAbnormalPatches => Text($"clusters of the most abnormal patches, k = {_options.Clusters}, weight {_options.FusionWeight}"),
                _ => Text($"the most abnormal cluster, k = {_options.Clusters}, weight {_options.FusionWeight}"),
            },
        },
    };

    private Tensor ClusterMean(ScoreContext context, Action<string, Tensor>? visit)
    {
        if (context.Features.Any(z => !z.shape.SequenceEqual(context.Features[0].shape)))
        {
            throw new InferenceException("AdaCLIP's semantic fusion joins the patches of all stages, and these stages have different grids. Use a vision "
                + "encoder whose stages share one, or another score.");
        }

        var Z = torch.stack(context.Features.Select(z => UnitVectors.Normalize(z.flatten(2).transpose(1, 2))), 2); // [B, N, L, C]
        var mean = torch.stack(context.StageLogits().Select(l => l.flatten(2)), 0).mean([0]); // [B, 2, N]
        var a = mean.softmax(1).select(1, 1); // [B, N]
        visit?.Invoke("hsf_abnormal_prob", a);
        var images = Enumerable.Range(0, (int)Z.shape[0]);
        return _options.Fusion == SemanticFusion.MostAbnormalPatches
            ? MeanOfClusters(Z, a, visit)
            : torch.stack(images.Select(b => MostAbnormalCluster(b, Z[b].mean([1]), a[b])), 0);
    }

    // As released: the k-means sees the stages concatenated, its clusters are averaged without weights.
    private Tensor MeanOfClusters(Tensor Z, Tensor a, Action<string, Tensor>? visit)
    {
        var K = (int)Math.Min(a.shape[1], PatchesOfCluster * (long)_options.Clusters);
        var chosen = a.topk(K, dim: 1).indexes; // [B, K], most abnormal first
        var B = (int)Z.shape[0];
        var selected = torch.stack(Enumerable.Range(0, B).Select(b => Z[b].index_select(0, chosen[b])), 0); // [B, K, L, C]
        var labels = Enumerable.Range(0, B).Select(b => Labels(b, chosen[b], selected[b].flatten(1))).ToList();
        var weights = torch.stack(labels.Select(l => MembershipWeights(l, Z)), 0); // [B, k, K]: 1 / size for members
        var clusters = MatrixProduct.Of(weights, selected.mean([2])); // [B, k, C]
        var all = clusters.mean([1]); // [B, C]
        if (visit is not null)
        {
            visit("hsf_topk_indices", chosen);
            visit("hsf_kmeans_input", selected.flatten(2));
            visit("hsf_kmeans_labels", torch.tensor(labels.SelectMany(l => l).ToArray(), [B, K]));
            visit("hsf_kmeans_centers", MatrixProduct.Of(weights, selected.flatten(2)));
            visit("hsf_cluster_means", clusters);
            visit("hsf_mean_of_means", all);
        }

        return all;
    }

    // As published: all patches, averaged over the stages, are clustered; the cluster of the highest mean probability counts.
    private Tensor MostAbnormalCluster(int image, Tensor z, Tensor a)
    {
        var every = torch.arange(z.shape[0], dtype: ScalarType.Int64);
        var weights = MembershipWeights(Labels(image, every, z), z); // [k, N]
        var worst = MatrixProduct.Of(weights, a.to_type(weights.dtype).unsqueeze(1)).argmax().item<long>();
        return MatrixProduct.Of(weights[worst].unsqueeze(0), z).squeeze(0); // [C]
    }

    private int[] Labels(int image, Tensor patches, Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        var flat = values.detach().to(ScalarType.Float32, torch.CPU).contiguous().data<float>().ToArray();
        int width = (int)values.shape[1];
        var rows = flat.Chunk(width).ToList();
        int k = Math.Min(_options.Clusters, rows.Count);
        return Clustering is { } given
            ? given(image, patches.cpu().to_type(ScalarType.Int64).data<long>().ToArray(), rows, k)
            : KMeans.Cluster(rows, k, _options.Seed);
    }

    // [k, K]: what each member counts in the mean of its cluster.
    private static Tensor MembershipWeights(int[] labels, Tensor like)
    {
        int k = labels.Max() + 1;
        var weights = new float[k * labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            weights[(labels[i] * labels.Length) + i] = 1f / labels.Count(l => l == labels[i]);
        }

        return torch.tensor(weights, [k, labels.Length], device: like.device).to_type(like.dtype);
    }
}
