"""What the lab's AWS holds, made by boto3: run by the moto server's own Python as `aws_world.py ENDPOINT ACCOUNT/REGION VERB …`.

`seed` builds a shop in an account and region that hold nothing so far: a cluster with three services, tasks and target groups, queues
with a dead-letter queue, metric and composite alarms with their metrics, a database with a backup, logs. `alarm NAME STATE`,
`publish QUEUE N`, `drain QUEUE N`, `scale SERVICE N` and `say SERVICE WORDS` change it.
"""
import sys
import time
from datetime import datetime, timedelta, timezone

import boto3

CLUSTER, HOME = "shop-prod", "123456789012"


class World:
    """One account and region of the endpoint; accounts beside moto's own are entered through a role."""

    def __init__(self, endpoint, where):
        self.endpoint, (self.account, self.region) = endpoint, where.split("/")
        self.keys = {"aws_access_key_id": "lab", "aws_secret_access_key": "lab"}
        if self.account != HOME:
            role = self.client("sts").assume_role(RoleArn=f"arn:aws:iam::{self.account}:role/lab", RoleSessionName="lab")["Credentials"]
            self.keys = {"aws_access_key_id": role["AccessKeyId"], "aws_secret_access_key": role["SecretAccessKey"], "aws_session_token": role["SessionToken"]}

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=self.region, **self.keys)

    def seed(self):
        ec2, elb, ecs = self.client("ec2"), self.client("elbv2"), self.client("ecs")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"{self.region}{zone}")["Subnet"]["SubnetId"]
                   for n, zone in ((1, "a"), (2, "b"))]
        firewall = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=vpc)["GroupId"]
        balancer = elb.create_load_balancer(Name="shop-prod", Subnets=subnets, Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
        groups = {name: elb.create_target_group(Name=f"shop-prod-{name}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckPath="/health")
                  ["TargetGroups"][0]["TargetGroupArn"] for name in ("api", "admin")}
        listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["api"]}])
        elb.create_rule(ListenerArn=listener["Listeners"][0]["ListenerArn"], Priority=1, Actions=[{"Type": "forward", "TargetGroupArn": groups["admin"]}],
                        Conditions=[{"Field": "host-header", "Values": ["admin.shop.example"]}])
        ecs.create_cluster(clusterName=CLUSTER, tags=[{"key": "Environment", "value": "prod"}])
        network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [firewall]}}
        for name, count in (("api", 2), ("worker", 1), ("admin", 1)):
            self.service(ecs, name, count, network, groups.get(name))
        elb.register_targets(TargetGroupArn=groups["admin"], Targets=[{"Id": "10.9.1.13", "Port": 80}])
        scaling, of = self.client("application-autoscaling"), {
            "ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/api", "ScalableDimension": "ecs:service:DesiredCount"}
        scaling.register_scalable_target(**of, MinCapacity=2, MaxCapacity=8)
        scaling.put_scaling_policy(**of, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
        self.signals()

    def service(self, ecs, name, count, network, group):
        options = {"awslogs-group": f"/shop/{name}", "awslogs-stream-prefix": "ecs", "awslogs-region": self.region}
        ecs.register_task_definition(family=name, requiresCompatibilities=["FARGATE"], cpu="256", memory="512", networkMode="awsvpc", containerDefinitions=[{
            "name": name, "image": f"registry.example/shop/{name}:1.4", "memory": 512, "essential": True, "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}],
            "logConfiguration": {"logDriver": "awslogs", "options": options}}])
        balancers = [{"targetGroupArn": group, "containerName": name, "containerPort": 80}] if group else []
        ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=name, desiredCount=count, launchType="FARGATE", loadBalancers=balancers,
                           networkConfiguration=network)
        self.scale(name, count)
        tasks = ecs.run_task(cluster=CLUSTER, taskDefinition=name, count=count, launchType="FARGATE", group=f"service:{name}", networkConfiguration=network)
        self.client("logs").create_log_group(logGroupName=f"/shop/{name}")
        for task in tasks["tasks"]:
            [address] = [pair["value"] for pair in task["attachments"][0]["details"] if pair["name"] == "privateIPv4Address"]
            if name == "api":
                self.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 80}])
            self.client("logs").create_log_stream(logGroupName=f"/shop/{name}", logStreamName=self.stream(name, task["taskArn"]))
        self.say(name, "started")

    def signals(self):
        sqs, watch, rds = self.client("sqs"), self.client("cloudwatch"), self.client("rds")
        dead = sqs.create_queue(QueueName="shop-prod-worker-jobs-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.create_queue(QueueName="shop-prod-worker-jobs", Attributes={"RedrivePolicy": f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"3"}}'})
        self.publish("shop-prod-worker-jobs", 15)
        self.publish("shop-prod-worker-jobs-dead", 2)
        of = {"api": {"ClusterName": CLUSTER, "ServiceName": "api"}, "jobs": {"QueueName": "shop-prod-worker-jobs"}, "db": {"DBInstanceIdentifier": "shop-prod-db"}}
        for name, namespace, metric, thing, receivers in (
                ("api-cpu-critical", "AWS/ECS", "CPUUtilization", "api", ["arn:aws:sns:eu-central-1:123456789012:pager"]),
                ("backlog", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "jobs", []),
                ("database-cpu", "AWS/RDS", "CPUUtilization", "db", [])):
            watch.put_metric_alarm(
                AlarmName=name, AlarmDescription=f"{metric} is too high. https://runbooks.example/{name}", MetricName=metric, Namespace=namespace,
                Statistic="Average", Period=60, EvaluationPeriods=1, Threshold=80.0, ComparisonOperator="GreaterThanThreshold", AlarmActions=receivers,
                ActionsEnabled=name != "backlog", Dimensions=[{"Name": key, "Value": value} for key, value in of[thing].items()])
            self.alarm(name, "OK")
        watch.put_composite_alarm(AlarmName="shop-is-slow", AlarmRule='ALARM("api-cpu-critical") AND ALARM("backlog")', ActionsEnabled=True)
        self.alarm("shop-is-slow", "OK")
        now = datetime.now(timezone.utc).replace(microsecond=0)
        for namespace, metric, thing, value in (("AWS/ECS", "CPUUtilization", "api", 40.0), ("AWS/SQS", "ApproximateAgeOfOldestMessage", "jobs", 600.0),
                                                ("AWS/RDS", "DatabaseConnections", "db", 42.0), ("AWS/RDS", "FreeStorageSpace", "db", 12.0 * 2**30)):
            dimensions = [{"Name": key, "Value": value} for key, value in of[thing].items()]
            watch.put_metric_data(Namespace=namespace, MetricData=[
                {"MetricName": metric, "Dimensions": dimensions, "Timestamp": now - timedelta(minutes=n), "Value": value} for n in range(1, 6)])
        rds.create_db_instance(DBInstanceIdentifier="shop-prod-db", DBInstanceClass="db.t3.micro", Engine="postgres", EngineVersion="16.3",
                               AllocatedStorage=20, MasterUsername="app", MasterUserPassword="correct-horse")
        rds.create_db_snapshot(DBInstanceIdentifier="shop-prod-db", DBSnapshotIdentifier="before-release")

    @staticmethod
    def stream(service, task):
        return f"ecs/{service}/{task.rsplit('/', 1)[1]}"

    def say(self, service, words):
        for task in self.client("ecs").list_tasks(cluster=CLUSTER)["taskArns"]:
            name, logs = self.stream(service, task), self.client("logs")
            if logs.describe_log_streams(logGroupName=f"/shop/{service}", logStreamNamePrefix=name)["logStreams"]:
                logs.put_log_events(logGroupName=f"/shop/{service}", logStreamName=name, logEvents=[
                    {"timestamp": int(time.time() * 1000), "message": f"{words} password=hunter2"}])

    def alarm(self, name, state):
        self.client("cloudwatch").set_alarm_state(
            AlarmName=name, StateValue=state, StateReason=f"the lab says {state}", StateReasonData='{"recentDatapoints":[93.5],"threshold":80.0}')

    def publish(self, queue, count):
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        for first in range(0, int(count), 10):
            entries = [{"Id": str(n), "MessageBody": f"job {n}"} for n in range(first, min(first + 10, int(count)))]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def drain(self, queue, count):
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        for _ in range(int(count)):
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def scale(self, service, count):
        self.client("ecs").update_service(cluster=CLUSTER, service=service, desiredCount=int(count))


if __name__ == "__main__":
    where, which, verb, *words = sys.argv[1:]
    getattr(World(where, which), verb)(*words)
