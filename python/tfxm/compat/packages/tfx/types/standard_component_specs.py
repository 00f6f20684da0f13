# SPDX-License-Identifier: Apache-2.0
"""tfx.types.standard_component_specs: the keys of components' inputs, outputs and parameters; MODEL_KEY is "model"."""

_KEYS = """
add_split_name analyzer_cache anomalies base_model baseline_examples baseline_model baseline_statistics best_hyperparameters
blessing custom_config custom_validation_config data_spec disable_statistics distribution_validator_config eval_args eval_config
evaluation example_diff_config example_diff_result example_splits examples exclude_splits external_baseline_model external_model
fairness_indicator_thresholds feature_slicing_spec hyperparameters include_split_pairs infer_feature_shape inference_result
infra_blessing input_base input_config model model_blessing model_run model_spec model_subfolder module_file module_path
output_config output_data_format output_example_spec output_examples output_file_format post_transform_anomalies
post_transform_schema post_transform_stats pre_transform_schema pre_transform_stats preprocessing_fn push_destination pushed_model
range_config request_spec run_fn sample_rate_by_split save_options schema schema_file serving_spec sharded_stats_output
splits_config statistics stats_options_json stats_options_updater_fn train_args trainer_fn transform_graph transformed_examples
tune_args tuner_fn tuner_results updated_analyzer_cache validation_metrics validation_spec
"""

globals().update({f"{key.upper()}_KEY": key for key in _KEYS.split()})
